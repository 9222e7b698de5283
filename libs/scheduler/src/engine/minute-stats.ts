/** Figures by the minute, from which success rate and duration are computed. */
import type { ExecutionRecord } from './records.js';
import type { Tables } from './tables.js';

/** Counts an end in its minute, and remembers a failure. Cancelled and skipped ones say nothing of how tasks do. */
export function countEnd(t: Tables, execution: ExecutionRecord): void {
  if (execution.status !== 'COMPLETED' && execution.status !== 'FAILED') return;
  t.countInMinute(execution.status, execution.startedAt > 0 ? t.runTime(execution) : 0);
  if (execution.status === 'FAILED' && execution.error !== undefined) t.addRecentError(execution, execution.error);
}
