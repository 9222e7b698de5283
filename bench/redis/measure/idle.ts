import { setTimeout as sleep } from 'node:timers/promises';
import { costPerJob } from '../redis-sample.js';
import type { Metrics, Run } from '../run.js';

const CONCURRENCY = 10;
/** Until what the start brings with it is done. */
const SETTLE_MS = 5_000;
/** A multiple of the intervals of both sides. */
const SECONDS = 20;

/** A worker that has nothing to do: what it asks of Redis in a second, and what that costs. */
export async function measureIdle(run: Run): Promise<Metrics> {
  const worker = await run.spawn('worker', { concurrency: CONCURRENCY });
  await worker.call('start');
  await sleep(SETTLE_MS);
  const seconds = run.options.quick ? SECONDS / 4 : SECONDS;
  const [before, cpuBefore] = [await run.server.sample(), await worker.call('cpuUs')];
  await sleep(seconds * 1000);
  const [after, cpuAfter] = [await run.server.sample(), await worker.call('cpuUs')];
  const { redisUs, commands, scripts, reads } = costPerJob(before, after, seconds);
  return {
    ...{ commandsPerSecond: commands, callsPerSecond: scripts, readsPerSecond: reads },
    ...{ redisUsPerSecond: redisUs, nodeUsPerSecond: (cpuAfter - cpuBefore) / seconds },
  };
}
