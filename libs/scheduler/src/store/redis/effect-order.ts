import type { Settlement } from '../../core/commands.js';
import type { Effect } from '../../core/effects.js';

/**
 * Merges the effects that a worker's process emits itself with those that the store reports for the same round trip, in the
 * order of the transition: ends in the order of their settlements, their consequences, then starts.
 * @param ended made here, in the order of their settlements
 * @param started made here: these claims come before all others of the round trip
 */
export function inOrder(
  settlements: readonly Settlement[],
  ended: readonly Effect[],
  started: readonly Effect[],
  reported: readonly Effect[],
): Effect[] {
  const emittedHere = new Map(ended.map((effect) => [idOf(effect), effect]));
  const settled = new Set(settlements.map(({ executionId }) => executionId));
  const places = new Map<string, number>();
  reported.forEach((effect, at) => {
    const id = idOf(effect);
    if (id !== null && settled.has(id) && !places.has(id)) places.set(id, at);
  });
  const effects: Effect[] = [];
  let next = 0;
  for (const { executionId } of settlements) {
    const local = emittedHere.get(executionId);
    const place = places.get(executionId);
    if (local) effects.push(local);
    else if (place !== undefined && place >= next) {
      effects.push(...reported.slice(next, place + 1));
      next = place + 1;
    }
  }
  const rest = reported.slice(next);
  const begin = rest.findIndex((effect) => effect.kind === 'execution' && effect.transition === 'started');
  const before = begin < 0 ? rest.length : begin;
  return [...effects, ...rest.slice(0, before), ...started, ...rest.slice(before)];
}

function idOf(effect: Effect): string | null {
  return effect.kind === 'execution' ? effect.executionId : null;
}
