import type { Interval } from '../protocol.js';
import type { RemoteProcess } from '../remote-process.js';
import { Pool } from '../pool.js';
import type { Metrics, Run } from '../run.js';

const CONCURRENCY = 100;
/** Of the jobs. */
const SHARE = 1 / 3;
const STEP = 500;
/** Jobs added before both run, so the queue is never shallower than `standing`. */
const AHEAD = 2_000;

/**
 * What a job costs when so many stand in the queue: adding on top of them, processing down to them, and both at once
 * at a constant depth. At the deepest there are `depth` jobs queued.
 */
export async function measureDepth(run: Run, depth: number): Promise<Metrics> {
  const [jobs, warmUp] = [run.jobs({}, SHARE), run.warmUp({}, SHARE)];
  const standing = Math.max(1_000, depth - jobs);
  const [producer, worker] = await run.spawnPair({ concurrency: CONCURRENCY });
  const pool = new Pool([worker]);
  await run.preload(producer, warmUp);
  await pool.run(warmUp);
  await pool.pause();
  await pool.verify(warmUp);

  const empty = await run.server.settledMemory();
  await run.preload(producer, standing);
  const adding = await run.measure(jobs, () => producer.call('add', { count: jobs, mode: 'bulk' }));
  await run.expectQueued(producer, standing + jobs);
  const bytes = ((await run.server.settledMemory()) - empty) / (standing + jobs);
  const processing = await run.measure(jobs, () => pool.run(jobs));
  await pool.pause();
  await pool.verify(jobs, { strict: false });

  await run.preload(producer, AHEAD);
  const both = await run.measure(jobs, () => inBalance(pool, producer, jobs));
  await pool.pause();
  await pool.verify(jobs, { strict: false });
  return {
    perSecond: both.perSecond!,
    redisUs: both.redisUs!,
    nodeUs: both.nodeUs!,
    addPerSecond: adding.perSecond!,
    addRedisUs: adding.redisUs!,
    addNodeUs: adding.nodeUs!,
    processPerSecond: processing.perSecond!,
    processRedisUs: processing.redisUs!,
    processNodeUs: processing.nodeUs!,
    bytes,
    longestMs: Math.max(...[adding, processing, both].map(({ longestMs }) => longestMs!)),
    foreign: both.foreign!,
  };
}

/** As many are added as have ended, step by step. */
async function inBalance(pool: Pool, producer: RemoteProcess, jobs: number): Promise<Interval> {
  let asked = 0;
  let cpuUs = 0;
  let adding: Promise<void> = Promise.resolve();
  const worked = await pool.run(jobs, (committed) => {
    for (; asked + STEP <= Math.min(committed, jobs); asked += STEP) {
      adding = adding
        .then(() => producer.call('add', { count: STEP, mode: 'bulk' }))
        .then((interval) => void (cpuUs += interval.cpuUs));
      adding.catch(() => undefined);
    }
  });
  await adding;
  return { ...worked, cpuUs: worked.cpuUs + cpuUs };
}
