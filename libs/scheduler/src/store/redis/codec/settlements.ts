import type { Settlement } from '../../../core/commands.js';
import type { ScriptArgument } from '../connection/redis-connection.js';
import { COMPLETE_EMITTED, SETTLEMENT } from './codes.js';

/**
 * Arguments of a settlement: id, leaseToken, letter of its kind, result, error or lock, reason, delay.
 * @param emitsLocally whether the caller emits the event of a success itself
 */
export function packSettlement(settlement: Settlement, emitsLocally = false): ScriptArgument[] {
  const { executionId, leaseToken, kind, result, error, reason, delay, lock } = settlement;
  const detail = error ?? lock;
  const text = result ?? (detail === undefined ? '' : JSON.stringify(detail));
  const letter = emitsLocally && kind === 'complete' ? COMPLETE_EMITTED : SETTLEMENT[kind];
  return [executionId, leaseToken, letter, text, reason ?? '', Math.round(delay)];
}
