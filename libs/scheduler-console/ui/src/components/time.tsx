import { duration, localTime, zonedTime } from '../lib/format';
import { now } from '../lib/now';

/** "12 s ago" or "in 5 min"; the instant itself in the tooltip. */
export function Ago({ time }: { time: string | null }) {
  if (time === null) return <span class="muted">–</span>;
  const age = now.value - Date.parse(time);
  const text = Math.abs(age) < 1_500 ? 'now' : age > 0 ? `${coarse(age)} ago` : `in ${coarse(-age)}`;
  return (
    <time dateTime={time} title={localTime(time, true)}>
      {text}
    </time>
  );
}

export function At({ time }: { time: string | null }) {
  if (time === null) return <span class="muted">–</span>;
  return (
    <time dateTime={time} title={time}>
      {localTime(time)}
    </time>
  );
}

/** An instant in a time zone other than the reader's, which the tooltip has. */
export function ZonedTime({ time, timezone }: { time: string; timezone: string }) {
  return (
    <time dateTime={time} title={`${localTime(time, true)} in your own time zone`} class="num">
      {zonedTime(time, timezone)}
    </time>
  );
}

/** How long from one to the other; up to now while it goes on. */
export function Took({ from, to }: { from: string | null; to: string | null }) {
  if (from === null) return <span class="muted">–</span>;
  return <span class="num">{duration((to === null ? now.value : Date.parse(to)) - Date.parse(from))}</span>;
}

/** In its largest unit: the tooltip has the instant. */
function coarse(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  return ms < 86_400_000 ? `${Math.floor(ms / 3_600_000)} h` : `${Math.floor(ms / 86_400_000)} d`;
}
