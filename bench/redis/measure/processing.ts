import type { JobKind } from '../protocol.js';
import { Pool } from '../pool.js';
import { Run, type Metrics } from '../run.js';

/** Warm workers take no-op jobs that stand ready, all of them, until the last end is committed. */
export async function measureProcessing(
  run: Run,
  { concurrency, workers = 1, kind = 'plain' }: { concurrency: number; workers?: number; kind?: JobKind },
): Promise<Metrics> {
  const producer = await run.spawn('producer');
  const pool = new Pool(await Promise.all(Array.from({ length: workers }, () => run.spawn('worker', concurrency))));
  // Each worker becomes as warm as one alone would.
  const warmUp = Run.round(run.options.warmUp * workers, kind);
  await run.preload(producer, warmUp, kind);
  await pool.run(warmUp);
  await pool.pause();
  await pool.verify(warmUp);

  const jobs = Run.round(run.options.jobs, kind);
  await run.preload(producer, jobs, kind);
  await run.expectQueued(producer, jobs);
  const metrics = await run.measure(jobs, () => pool.run(jobs));
  await pool.pause();
  const inversions = await pool.verify(jobs);
  await run.expectQueued(producer, 0);
  return kind === 'levels' ? { ...metrics, inversions } : metrics;
}
