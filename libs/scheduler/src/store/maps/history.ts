import type { ErrorInfo } from '../../core/failure.js';
import { MINUTES_KEPT, RECENT_ERRORS_KEPT } from '../../core/limits.js';
import { iso } from '../views.js';
import type { Row } from './rows.js';
import type { StateData } from './state-data.js';

/** Counts an end in the current minute, of which the newest are kept. @param duration ms */
export function countInMinute(s: StateData, status: 'COMPLETED' | 'FAILED', duration: number): void {
  const minute = Math.floor(s.now / 60_000);
  let last = s.window.at(-1);
  if (last?.minute !== minute) {
    last = { minute, completed: 0, failed: 0, durationMs: 0 };
    s.window.push(last);
    if (s.window.length > MINUTES_KEPT) s.window.shift();
  }
  if (status === 'COMPLETED') last.completed++;
  else last.failed++;
  last.durationMs += duration;
}

/** ms since the run began, without the steps of the wall clock meanwhile. */
export function runTime(row: Row, now: number): number {
  return Math.max(0, now - row.startedAt - (row.extra?.stepped ?? 0));
}

export function rememberError(s: StateData, row: Row, error: ErrorInfo, now: number): void {
  s.recentErrors.push({
    taskName: row.task.mirror?.taskName ?? row.task.taskId,
    taskId: row.task.taskId,
    executionId: row.id,
    error,
    time: iso(now),
  });
  if (s.recentErrors.length > RECENT_ERRORS_KEPT) s.recentErrors.shift();
}
