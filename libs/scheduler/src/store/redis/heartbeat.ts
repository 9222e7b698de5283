import type { RunToken } from '../../core/commands.js';
import type { HeartbeatReply } from '../task-store.js';
import type { ScriptArgument } from './connection/redis-connection.js';
import type { Scripts } from './large-batches.js';

/** Runs that one script looks at by name. */
const RUNS_PER_CALL = 250;

/** Reply of the script `heartbeat`; tokens are flat: id and attempt of each. */
type Reply = [known: number, cancelRequested: string[], lost: string[], examined: number, next: string];

/**
 * The heartbeat of a worker: the first script renews its lease, and it and those that follow look at its runs.
 * @param times when it is made, and before which time the worker knows all that it has claimed, ms; '' for unknown
 * @param onKnown called once the lease is renewed
 */
export async function heartbeat(
  scripts: Scripts,
  workerId: string,
  times: readonly ScriptArgument[],
  runs: readonly RunToken[],
  onKnown: () => void,
): Promise<HeartbeatReply> {
  const cancelRequested: RunToken[] = [];
  const lost: RunToken[] = [];
  let examined = 0;
  let next = '0';
  let isFirst = true;
  do {
    const part = runs.slice(examined, examined + RUNS_PER_CALL);
    const others = isFirst ? runs.slice(RUNS_PER_CALL).map(({ executionId }) => executionId) : [];
    const given = [...(isFirst ? times : ['', '']), next, part.length, ...flatten(part), ...others];
    const reply = await scripts.commitRepeatable<Reply>('heartbeat', workerId, ...given);
    if (reply[0] === 0) return { known: false, cancelRequested: [], lost: [...runs] };
    if (isFirst) onKnown();
    cancelRequested.push(...tokensOf(reply[1]));
    lost.push(...tokensOf(reply[2]));
    examined += reply[3];
    next = reply[4];
    isFirst = false;
  } while (examined < runs.length || next !== '');
  return { known: true, cancelRequested, lost };
}

function flatten(runs: readonly RunToken[]): ScriptArgument[] {
  return runs.flatMap(({ executionId, leaseToken }) => [executionId, leaseToken]);
}

function tokensOf(flat: readonly string[]): RunToken[] {
  const tokens: RunToken[] = [];
  for (let i = 0; i < flat.length; i += 2) tokens.push({ executionId: flat[i]!, leaseToken: Number(flat[i + 1]) });
  return tokens;
}
