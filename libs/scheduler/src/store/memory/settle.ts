import type { RunToken, Settlement } from '../../core/commands.js';
import { finish, stopRun } from './finish.js';
import * as history from './history.js';
import * as lock from '../../engine/lock.js';
import * as queue from './queue.js';
import type { Row, WorkerRow } from './rows.js';
import type { State } from './state.js';
import { move, tell } from './transition.js';

/** The run's row if the token is current. */
export function current(s: State, run: RunToken): Row | undefined {
  const row = s.executions.get(run.executionId);
  return row !== undefined && row.status === 'RUNNING' && row.attempt === run.attempt ? row : undefined;
}

/** Commits what a worker says of its runs. What goes back to a queue's head goes last and backwards, so that it keeps its order. */
export function settleAll(
  s: State,
  worker: WorkerRow,
  settlements: readonly Settlement[],
  now: number,
): ('applied' | 'stale')[] {
  const settled = settlements.map((each) => (each.kind === 'release' ? 'stale' : settleOwn(s, worker, each, now)));
  for (let i = settlements.length - 1; i >= 0; i--) {
    if (settlements[i]!.kind === 'release') settled[i] = settleOwn(s, worker, settlements[i]!, now);
  }
  return settled;
}

/** Commits a settlement of this worker's own; a token that is no longer current changes nothing. */
function settleOwn(s: State, worker: WorkerRow, settlement: Settlement, now: number): 'applied' | 'stale' {
  const row = current(s, settlement);
  if (row === undefined || row.worker !== worker) {
    s.counters.stale++;
    s.effects.push({
      kind: 'stale',
      executionId: settlement.executionId,
      attempt: settlement.attempt,
      workerId: worker.hello.workerId,
      time: now,
    });
    return 'stale';
  }
  settle(s, row, settlement, now);
  return 'applied';
}

/** Commits how a run ended. The caller has checked that the token is current. */
export function settle(s: State, row: Row, settlement: Settlement, now: number): void {
  // Asked to cancel: only a success still wins.
  const kind = row.cancelRequestedTime > 0 && settlement.kind !== 'complete' ? 'cancel' : settlement.kind;
  switch (kind) {
    case 'complete':
      if (row.attempts !== null) history.recordAttempt(row, 'COMPLETED', null, now);
      finish(s, row, 'complete', 'COMPLETED', { result: settlement.result, error: null, reason: null }, now);
      return;
    case 'fail':
      history.recordAttempt(row, 'FAILED', settlement.error, now);
      finish(s, row, 'fail', 'FAILED', { result: null, error: settlement.error, reason: settlement.reason }, now);
      return;
    case 'cancel':
      history.recordAttempt(row, 'CANCELLED', settlement.error, now);
      finish(
        s,
        row,
        'finalizeCancel',
        'CANCELLED',
        { result: null, error: settlement.error, reason: 'CANCELLED' },
        now,
      );
      return;
    case 'retry':
      retry(s, row, settlement, now);
      return;
    case 'snooze':
      snooze(s, row, settlement, now);
      return;
    case 'release':
      release(s, row, now);
      if (settlement.lock) row.more().lock ??= settlement.lock;
      return;
  }
}

function retry(s: State, row: Row, settlement: Settlement, now: number): void {
  row.failures++;
  history.recordAttempt(row, 'FAILED', settlement.error, now);
  if (settlement.error) history.rememberError(s, row, settlement.error, now);
  giveUp(s, row);
  move(s, row, 'retry', 'RETRYING');
  row.error = settlement.error;
  s.counters.retried++;
  row.at = now + settlement.delay;
  row.isPutOff = true;
  tell(s, row, 'retrying', now);
  queue.place(s, row, now);
  lock.release(s, row);
}

/** Its handler has put it off: nothing has failed. */
function snooze(s: State, row: Row, settlement: Settlement, now: number): void {
  row.snoozes++;
  history.recordAttempt(row, 'SNOOZED', settlement.error, now);
  giveUp(s, row);
  move(s, row, 'retry', 'RETRYING');
  row.error = null;
  row.reason = 'SNOOZED';
  s.counters.snoozed++;
  row.at = now + settlement.delay;
  row.isPutOff = true;
  tell(s, row, 'retrying', now);
  queue.place(s, row, now);
  lock.release(s, row);
}

/** Back to the head of its queue, as if it had not been claimed. */
export function release(s: State, row: Row, now: number): void {
  giveUp(s, row);
  row.run--;
  move(s, row, 'release', 'PENDING');
  s.counters.released++;
  tell(s, row, 'released', now);
  s.pushHead(row);
  lock.release(s, row);
}

/** Takes a run from its worker so that its token is worth nothing. Its lock goes when the row has its place: behind the next one's. */
export function giveUp(s: State, row: Row): void {
  stopRun(s, row);
  row.attempt++;
}
