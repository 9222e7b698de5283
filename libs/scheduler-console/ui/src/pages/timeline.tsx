import type { Execution } from '../api/types';
import { duration, localTime } from '../lib/format';
import { now } from '../lib/now';
import { isTerminal, statusLabel } from '../components/status';

interface Span {
  label: string;
  /** A status, or 'wait'. */
  kind: string;
  from: number;
  to: number;
}

/** Waiting and attempts on one line of time. The same stands as text in each row. */
export function Timeline({ execution }: { execution: Execution }) {
  const spans = spansOf(execution, now.value);
  const start = Math.min(...spans.map(({ from }) => from));
  const end = Math.max(...spans.map(({ to }) => to), start + 1);
  const percent = (at: number): string => `${(100 * (at - start)) / (end - start)}%`;
  return (
    <>
      <ol class="timeline">
        {spans.map(({ label, kind, from, to }) => (
          <li key={`${label}${from}`}>
            <span class="timeline-label">{label}</span>
            <span class="timeline-track" aria-hidden="true">
              <span
                data-status={kind}
                style={{ left: percent(from), width: percent(start + Math.max(0, to - from)) }}
              />
            </span>
            <span class="num muted">{duration(to - from)}</span>
          </li>
        ))}
      </ol>
      <div class="timeline-ends muted">
        <span>{localTime(new Date(start).toISOString())}</span>
        <span>{isTerminal(execution.status) ? localTime(new Date(end).toISOString()) : 'now'}</span>
      </div>
    </>
  );
}

function spansOf(execution: Execution, at: number): Span[] {
  const spans: Span[] = [];
  const ended = execution.completedTime === null ? null : Date.parse(execution.completedTime);
  let free = Date.parse(execution.createdTime);
  for (const { attempt, startedTime, endedTime, outcome } of execution.attempts) {
    const from = Date.parse(startedTime);
    const to = Math.max(from, endedTime === null ? (ended ?? at) : Date.parse(endedTime));
    if (from > free)
      spans.push({ label: spans.length === 0 ? 'Waiting' : 'Back-off', kind: 'wait', from: free, to: from });
    const state = outcome ?? 'RUNNING';
    spans.push({ label: `Attempt ${attempt}: ${statusLabel(state).toLowerCase()}`, kind: state, from, to });
    free = to;
  }
  const until = ended ?? at;
  if (execution.status !== 'RUNNING' && (spans.length === 0 || ended === null)) {
    spans.push({
      label: spans.length === 0 ? 'Waiting' : 'Back-off',
      kind: 'wait',
      from: free,
      to: Math.max(free, until),
    });
  }
  return spans;
}
