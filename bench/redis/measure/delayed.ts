import { percentile } from '../../statistics.js';
import { Pool } from '../pool.js';
import type { Metrics, Run } from '../run.js';

const CONCURRENCY = 100;
const SHARE = 1 / 6;
/** Time to add them, in ms: of all, and of each. */
const LEAD_MS = 1_000;
const LEAD_EACH_MS = 0.3;
/** Clocks have whole ms, and each process reads its own. */
const TOLERANCE_MS = 3;

/** Jobs that are due within one second, in even distances: how late they start, from the first that is due. */
export async function measureDelayed(run: Run): Promise<Metrics> {
  const [producer, worker] = await run.spawnPair({ concurrency: CONCURRENCY });
  const pool = new Pool([worker]);
  const [warmUp, jobs] = [run.warmUp({}, SHARE), run.jobs({}, SHARE)];
  await run.preload(producer, warmUp);
  await pool.run(warmUp);
  await pool.pause();
  await pool.verify(warmUp);

  const dueFrom = Date.now() + LEAD_MS + jobs * LEAD_EACH_MS;
  const running = pool.run(jobs);
  running.catch(() => undefined);
  await run.preload(producer, jobs, { job: { dueFrom } });
  if (Date.now() > dueFrom) throw new Error('they were added after the first of them was due');
  const cost = await run.measure(jobs, () => running);
  await pool.pause();
  await pool.verify(jobs);
  await run.expectQueued(producer, 0);
  const { lateness } = await worker.call('observed');
  const early = lateness.filter((ms) => ms < -TOLERANCE_MS).length;
  if (early > 0) throw new Error(`${early} jobs started before they were due`);
  return {
    lateP50: percentile(lateness, 0.5),
    // The last one is due a second after the first.
    lateLast: lateness.at(-1)!,
    redisUs: cost.redisUs!,
    nodeUs: cost.nodeUs!,
    longestMs: cost.longestMs!,
    foreign: cost.foreign!,
  };
}
