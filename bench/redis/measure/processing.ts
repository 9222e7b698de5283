import type { Work } from '../job.js';
import { Pool } from '../pool.js';
import type { Metrics, Run } from '../run.js';

/** Of the jobs, where handlers take time. */
const SHARE = 1 / 6;

export interface Processing {
  concurrency: number;
  workers?: number;
  work?: Work;
  share?: number;
  /** Jobs to measure, instead of a share. */
  jobs?: number;
  /** What the workers become warm by. Default: the same work. */
  warmUpWork?: Work;
}

/** Warm workers process ready jobs until the end of the last one is committed. */
export async function measureProcessing(
  run: Run,
  { concurrency, workers = 1, work = {}, share, jobs = run.jobs(work, share), warmUpWork = work }: Processing,
): Promise<Metrics> {
  const [producer, ...spawned] = await Promise.all([
    run.spawn('producer'),
    ...Array.from({ length: workers }, () => run.spawn('worker', { concurrency })),
  ]);
  const pool = new Pool(spawned);
  const attemptsOf = ({ job }: Work): number => (job?.failures ?? 0) + 1;
  // Each worker becomes as warm as one alone would.
  const warmUp = run.warmUp(warmUpWork, workers * (share ?? 1));
  await run.preload(producer, warmUp, warmUpWork);
  await pool.run(warmUp);
  await pool.pause();
  await pool.verify(warmUp, { attempts: attemptsOf(warmUpWork) });

  await run.preload(producer, jobs, work);
  await run.expectQueued(producer, jobs);
  const metrics = await run.measure(jobs, () => pool.run(jobs));
  await pool.pause();
  const inversions = await pool.verify(jobs, { attempts: attemptsOf(work) });
  await run.expectQueued(producer, 0);
  return work.job?.levels === undefined ? metrics : { ...metrics, inversions };
}

/** Handlers that take so many ms, for about a second. */
export function measureHandlers(run: Run, ms: number, concurrency: number): Promise<Metrics> {
  const atMost = Math.ceil((concurrency * (run.options.quick ? 300 : 1000)) / ms);
  const jobs = Math.min(run.jobs({}, SHARE), atMost);
  return measureProcessing(run, { concurrency, work: { job: { ms } }, jobs, share: SHARE, warmUpWork: {} });
}
