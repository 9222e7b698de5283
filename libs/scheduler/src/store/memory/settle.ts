import type { RunToken, Settlement } from '../../core/commands.js';
import type { Settlement as EngineSettlement } from '../../engine/records.js';
import { settle } from '../../engine/settle.js';
import type { Row, WorkerRow } from './rows.js';
import type { State } from './state.js';

/** The run's row if the token is current. */
export function current(s: State, run: RunToken): Row | undefined {
  const row = s.executions.get(run.executionId);
  return row !== undefined && row.status === 'RUNNING' && row.leaseToken === run.leaseToken ? row : undefined;
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
      leaseToken: settlement.leaseToken,
      workerId: worker.hello.workerId,
      time: now,
    });
    return 'stale';
  }
  settle(s, row, toEngine(settlement));
  return 'applied';
}

/** As the engine takes it: absent values are undefined. */
export function toEngine({ kind, result, error, reason, delay, lock }: Settlement): EngineSettlement {
  return { kind, result: result ?? undefined, error: error ?? undefined, reason: reason ?? undefined, delay, lock };
}
