import type { Settlement } from '../../core/commands.js';
import type { RunSettlement } from '../../engine/records.js';
import { settleAll as settleRuns } from '../../engine/settle.js';
import type { WorkerRow } from './rows.js';
import type { State } from './state.js';

/** Commits what a worker says of its runs. */
export function settleAll(s: State, worker: WorkerRow, settlements: readonly Settlement[]): ('applied' | 'stale')[] {
  if (settlements.length === 0) return [];
  return settleRuns(s, worker, settlements.map(toEngine)).map((isApplied) => (isApplied ? 'applied' : 'stale'));
}

/** As the engine takes it: absent values are undefined. */
export function toEngine(settlement: Settlement): RunSettlement {
  const { executionId, leaseToken, kind, delay, lock } = settlement;
  const result = settlement.result ?? undefined;
  const error = settlement.error ?? undefined;
  const reason = settlement.reason ?? undefined;
  return { executionId, leaseToken, kind, result, error, reason, delay, lock };
}
