import type { Settlement } from '../../core/commands.js';
import { settleAll as settleRuns } from '../../engine/settle.js';
import type { WorkerRow } from './rows.js';
import type { State } from './state.js';

/** Commits what a worker says of its runs. */
export function settleAll(s: State, worker: WorkerRow, settlements: readonly Settlement[]): ('applied' | 'stale')[] {
  if (settlements.length === 0) return [];
  return settleRuns(s, worker, settlements).map((isApplied) => (isApplied ? 'applied' : 'stale'));
}
