import { setTimeout as sleep } from 'node:timers/promises';
import { costPerJob } from '../redis-sample.js';
import type { Metrics, Run } from '../run.js';

const CONCURRENCY = 10;
/** Until what the start brings with it is done. */
const SETTLE_S = 3;
/** A multiple of the intervals of both sides. */
const MEASURED_S = 10;
/** In a smoke run. */
const QUICK_S = { settle: 1, measured: 3 };

/** A worker that has nothing to do: what it asks of Redis in a second, and what that costs. */
export async function measureIdle(run: Run): Promise<Metrics> {
  const { settle, measured } = run.options.quick ? QUICK_S : { settle: SETTLE_S, measured: MEASURED_S };
  const worker = await run.spawn('worker', { concurrency: CONCURRENCY });
  await worker.call('start');
  await sleep(settle * 1000);
  await run.server.takeLongestScript();
  const [before, cpuBefore] = [await run.server.sample(), await worker.call('cpuUs')];
  await sleep(measured * 1000);
  const [after, cpuAfter] = [await run.server.sample(), await worker.call('cpuUs')];
  const { redisUs, commands, scripts, reads } = costPerJob(before, after, measured);
  return {
    ...{ commandsPerSecond: commands, callsPerSecond: scripts, readsPerSecond: reads },
    ...{ redisUsPerSecond: redisUs, nodeUsPerSecond: (cpuAfter - cpuBefore) / measured },
    longestMs: await run.server.takeLongestScript(),
  };
}
