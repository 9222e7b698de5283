import type { Settlement, SettlementKind } from '../../../core/commands.js';
import type { ScriptArgument } from '../connection/redis-connection.js';

const LETTERS = { complete: 'c', fail: 'f', retry: 'r', release: 'l', cancel: 'x' } as const satisfies Record<
  SettlementKind,
  string
>;

/** As the scripts take it: id, attempt, letter of its kind, result or error, reason, delay. */
export function packSettlement(settlement: Settlement): ScriptArgument[] {
  const { executionId, attempt, kind, result, error, reason, delay } = settlement;
  const text = result ?? (error === null ? '' : JSON.stringify(error));
  return [executionId, attempt, LETTERS[kind], text, reason ?? '', Math.round(delay)];
}
