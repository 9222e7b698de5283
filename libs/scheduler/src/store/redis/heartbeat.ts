import type { RunToken } from '../../core/commands.js';
import type { HeartbeatReply } from '../task-store.js';
import type { ScriptArgument } from './connection/redis-connection.js';
import type { Scripts } from './large-batches.js';

/** Runs that one script examines by id. */
const RUNS_PER_CALL = 250;
/** Runs that one script takes back. */
const TAKEN_PER_CALL = 50;

/** Reply of the script `heartbeat`. Run tokens are flat (id, lease token, ...), and so is `unnamed` (id, claim number, ...). */
type Reply = [
  ...[known: number, cancelRequested: string[], lost: string[], examined: number, next: string],
  ...[unnamed: string[], left: number],
];

/**
 * Sends the heartbeat of a worker. The first script renews its lease; all of them examine its runs. Runs that the store gives
 * to the worker and that the worker does not have are taken back.
 * @param times when it is made, and the time before which the worker knows all its claims, ms; '': unknown
 * @param onKnown called once the lease is renewed
 */
export async function heartbeat(
  scripts: Scripts,
  workerId: string,
  times: readonly ScriptArgument[],
  runs: readonly RunToken[],
  onKnown: () => void,
): Promise<HeartbeatReply> {
  const send = (...args: ScriptArgument[]): Promise<Reply> =>
    scripts.commitRepeatable<Reply>('heartbeat', workerId, ...times, runs.length, ...args);
  const cancelRequested: RunToken[] = [];
  const lost: RunToken[] = [];
  const unnamed = new Map<string, number>();
  let examined = 0;
  let next = '0';
  let isFirst = true;
  do {
    const part = runs.slice(examined, examined + RUNS_PER_CALL);
    const reply = await send(next, part.length, ...flatten(part));
    if (reply[0] === 0) return { known: false, cancelRequested: [], lost: [...runs] };
    if (isFirst) onKnown();
    cancelRequested.push(...tokensOf(reply[1]));
    lost.push(...tokensOf(reply[2]));
    examined += reply[3];
    next = reply[4];
    for (const [executionId, claim] of pairsOf(reply[5])) unnamed.set(executionId, claim);
    isFirst = false;
  } while (examined < runs.length || next !== '');
  for (const { executionId } of runs) unnamed.delete(executionId);
  // Newest first, so that the oldest ends at the head of its queue.
  const lacking = [...unnamed].sort(([a, claimA], [b, claimB]) => claimB - claimA || (a < b ? 1 : -1));
  for (let from = 0; from < lacking.length;) {
    const some = lacking.slice(from, from + TAKEN_PER_CALL).map(([id]) => id);
    const [known, , , , , , left] = await send('', 0, ...some);
    if (known === 0 || left === 0) from += some.length;
  }
  return { known: true, cancelRequested, lost };
}

function flatten(runs: readonly RunToken[]): ScriptArgument[] {
  return runs.flatMap(({ executionId, leaseToken }) => [executionId, leaseToken]);
}

function tokensOf(flat: readonly string[]): RunToken[] {
  return pairsOf(flat).map(([executionId, leaseToken]) => ({ executionId, leaseToken }));
}

function pairsOf(flat: readonly string[]): (readonly [string, number])[] {
  const found: (readonly [string, number])[] = [];
  for (let i = 0; i < flat.length; i += 2) found.push([flat[i]!, Number(flat[i + 1])]);
  return found;
}
