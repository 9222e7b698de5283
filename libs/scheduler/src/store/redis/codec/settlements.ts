import type { Settlement } from '../../../core/commands.js';
import type { ScriptArgument } from '../connection/redis-connection.js';
import { COMPLETE_EMITTED, SETTLEMENT } from './codes.js';

/**
 * As the scripts take it: id, leaseToken, letter of its kind, result, error or lock, reason, delay.
 * @param tellsItself a success of which the caller tells its own listeners itself
 */
export function packSettlement(settlement: Settlement, tellsItself = false): ScriptArgument[] {
  const { executionId, leaseToken, kind, result, error, reason, delay, lock } = settlement;
  const about = error ?? lock;
  const text = result ?? (about === undefined ? '' : JSON.stringify(about));
  const letter = tellsItself && kind === 'complete' ? COMPLETE_EMITTED : SETTLEMENT[kind];
  return [executionId, leaseToken, letter, text, reason ?? '', Math.round(delay)];
}
