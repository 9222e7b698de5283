import type { TaskAttempt } from '../../core/execution.js';
import type { ErrorInfo } from '../../core/failure.js';
import { ATTEMPTS_KEPT, RECENT_ERRORS_KEPT } from '../../core/limits.js';
import type { Row } from './rows.js';
import type { State } from './state.js';

const MINUTES_KEPT = 60;

/** Counts an end in its minute, for success rate and duration, and remembers a failure. */
export function count(s: State, row: Row, now: number): void {
  if (row.status !== 'COMPLETED' && row.status !== 'FAILED') return;
  const minute = Math.floor(now / 60_000);
  let last = s.window.at(-1);
  if (last?.minute !== minute) {
    last = { minute, completed: 0, failed: 0, durationMs: 0 };
    s.window.push(last);
    if (s.window.length > MINUTES_KEPT) s.window.shift();
  }
  if (row.status === 'COMPLETED') last.completed++;
  else last.failed++;
  last.durationMs += row.startedTime > 0 ? now - row.startedTime : 0;
  if (row.status === 'FAILED' && row.error !== null) rememberError(s, row, row.error, now);
}

/** Adds the run that ends now to the execution's attempts. */
export function recordAttempt(row: Row, outcome: TaskAttempt['outcome'], error: ErrorInfo | null, now: number): void {
  (row.attempts ??= []).push({
    attempt: row.run,
    startedTime: new Date(row.startedTime).toISOString(),
    endedTime: new Date(now).toISOString(),
    workerId: row.workerId,
    outcome,
    error,
  });
  if (row.attempts.length > ATTEMPTS_KEPT) row.attempts.shift();
}

export function rememberError(s: State, row: Row, error: ErrorInfo, now: number): void {
  s.recentErrors.push({
    taskName: row.task.mirror?.taskName ?? row.task.taskId,
    taskId: row.task.taskId,
    executionId: row.executionId,
    error,
    time: new Date(now).toISOString(),
  });
  if (s.recentErrors.length > RECENT_ERRORS_KEPT) s.recentErrors.shift();
}

/** Moves an ended execution into history, once nobody alive needs it; history is trimmed in the same breath. */
export function retire(s: State, row: Row, now: number): void {
  if (row.place !== 'kept') return;
  const extra = row.extra;
  if (extra !== null && (extra.liveDependents > 0 || (extra.workflow !== null && extra.workflow.open > 0))) return;
  if (row.task.newest === row) return;
  row.place = 'history';
  s.touch(row);
  s.history.pushTail(row);
  s.historyBytes += bytes(row);
  trim(s, now, Number.POSITIVE_INFINITY);
}

/** Takes an ended execution out of history, since someone alive needs it again. */
export function keep(s: State, row: Row): void {
  if (row.place !== 'history') return;
  s.history.remove(row);
  s.historyBytes -= bytes(row);
  row.place = 'kept';
  s.touch(row);
}

/** Drops the oldest history beyond count, age and bytes. @returns how many */
export function trim(s: State, now: number, limit: number): number {
  const { count, age, bytes: maxBytes } = s.settings.history;
  let done = 0;
  while (done < limit) {
    const oldest = s.history.head;
    if (oldest === null) break;
    const tooMany = s.history.size > count || (maxBytes !== null && s.historyBytes > maxBytes);
    if (!tooMany && (age === null || oldest.completedTime > now - age)) break;
    drop(s, oldest);
    done++;
  }
  return done;
}

/** Lets an execution go for good. */
export function drop(s: State, row: Row): void {
  forget(s, row);
  row.place = 'gone';
  s.touch(row);
}

/** Takes an execution that stands in history out of memory. */
export function forget(s: State, row: Row): void {
  s.history.remove(row);
  s.historyBytes -= bytes(row);
  s.byStatus[row.status]--;
  s.executions.delete(row.executionId);
  if (row.newer) row.newer.older = row.older;
  else s.newestRow = row.older;
  if (row.older) row.older.newer = row.newer;
  row.newer = row.older = null;
}

export function bytes(row: Row): number {
  return (row.payload?.length ?? 0) + (row.result?.length ?? 0);
}
