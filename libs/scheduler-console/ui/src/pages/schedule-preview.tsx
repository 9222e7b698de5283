import { useEffect, useState } from 'preact/hooks';
import { messageOf } from '../api/client';
import { ZonedTime, Ago } from '../components/time';
import { useResource } from '../live/use-resource';

export interface Ticking {
  cronExpression: string;
  timezone: string;
  startTime?: string;
  endTime?: string;
}

const PREVIEWED = 5;
/** Of a hand that goes on typing. */
const QUIET_MS = 250;

/** The next ticks of what is typed, once the hand rests, or what is wrong with it. */
export function SchedulePreview({ of }: { of: Ticking }) {
  const [settled, setSettled] = useState(of);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(of), QUIET_MS);
    return () => clearTimeout(timer);
  }, [of]);
  return (
    <div class="preview" role="status" aria-label="Next ticks">
      {settled.cronExpression.trim() === '' ? (
        <p class="hint">The next ticks appear here.</p>
      ) : (
        <Ticks path="schedules/preview" query={{ ...settled }} timezone={settled.timezone} />
      )}
    </div>
  );
}

/** Ticks in the time zone of their schedule. */
export function Ticks({ path, query, timezone }: { path: string; query?: object; timezone: string }) {
  const preview = useResource<{ items: string[] }>(path, { query: { ...query, count: PREVIEWED } });
  if (preview.error !== null) return <p class="problem">{messageOf(preview.error)}</p>;
  if (preview.data === null) return <p class="hint">Reading …</p>;
  if (preview.data.items.length === 0) return <p class="hint">It never fires.</p>;
  return (
    <ol class="ticks">
      {preview.data.items.map((time) => (
        <li key={time}>
          <ZonedTime time={time} timezone={timezone} />
          <span class="muted">
            <Ago time={time} />
          </span>
        </li>
      ))}
    </ol>
  );
}
