import type { ErrorInfo } from '../../core/failure.js';
import type { JsonText } from '../../core/json.js';
import type { Verb } from '../../core/state-machine.js';
import { type Reason, type TerminalStatus } from '../../core/status.js';
import * as edges from './edges.js';
import * as history from './history.js';
import * as lock from '../../engine/lock.js';
import * as queue from './queue.js';
import type { Row } from './rows.js';
import type { State } from './state.js';
import { move, tell } from './transition.js';
import * as workflow from './workflow.js';

const END = { COMPLETED: 'completed', FAILED: 'failed', CANCELLED: 'cancelled', SKIPPED: 'skipped' } as const;

export interface Outcome {
  result: JsonText | null;
  error: ErrorInfo | null;
  reason: Reason | null;
}

/** The one way to an end, for success, failure, cancel, skip, timeout and lost workers alike. */
export function finish(s: State, row: Row, verb: Verb, status: TerminalStatus, outcome: Outcome, now: number): void {
  if (row.status === 'RUNNING') stopRun(s, row);
  else queue.leave(s, row);
  move(s, row, verb, status);
  row.completedTime = now;
  row.result = outcome.result;
  row.error = outcome.error;
  row.reason = outcome.reason;
  row.place = 'kept';
  s.counters[END[status]]++;
  history.count(s, row, now);
  tell(s, row, END[status], now);
  const extra = row.extra;
  if (extra === null) return history.retire(s, row, now);
  lock.release(s, row);
  edges.letGo(s, row, now);
  edges.spread(s, row, false);
  if (extra.workflow) workflow.close(s, row, now);
  else history.retire(s, row, now);
}

/** Takes a run from its worker. */
export function stopRun(s: State, row: Row): void {
  row.list!.remove(row);
  row.queue.running--;
  if (row.queue.rules.concurrency !== null) s.woken.add(row.queue.name);
  row.worker = null;
  const extra = row.extra;
  if (extra === null) return;
  if (extra.bound) s.bounds.remove(extra.bound);
  if (extra.grace) s.graces.remove(extra.grace);
  extra.bound = extra.grace = null;
}

/** An ended execution runs again, with a fresh budget. */
export function reopen(s: State, row: Row, now: number): void {
  history.keep(s, row);
  workflow.open(s, row);
  move(s, row, 'reopen', 'PENDING');
  row.failures = row.crashes = row.snoozes = 0;
  row.attempt++;
  row.completedTime = row.cancelRequestedTime = 0;
  row.result = row.error = row.reason = null;
  row.at = now;
  row.isPutOff = false;
  if (row.extra) row.extra.rootCause = null;
  edges.takeUp(s, row, now);
  tell(s, row, 'reopened', now);
  queue.place(s, row, now);
  edges.spread(s, row, true);
}
