import type { Work } from '../job.js';
import type { AddMode } from '../protocol.js';
import { Pool } from '../pool.js';
import type { Metrics, Run } from '../run.js';

export interface Adding {
  mode: AddMode;
  work?: Work;
  share?: number;
  /** A worker is up, and the queue is paused. Else there is no worker. */
  paused?: boolean;
}

/** A warm producer adds jobs that nobody takes. */
export async function measureAdding(run: Run, { mode, work = {}, share, paused = false }: Adding): Promise<Metrics> {
  const [producer, pool] = paused ? await openPaused(run) : [await run.spawn('producer'), null];
  const [warmUp, jobs] = [run.warmUp(work, share), run.jobs(work, share)];
  await producer.call('add', { count: warmUp, mode, ...work });
  const metrics = await run.measure(jobs, () => producer.call('add', { count: jobs, mode, ...work }));
  await pool?.verify(0);
  await run.expectQueued(producer, warmUp + jobs);
  return metrics;
}

async function openPaused(run: Run) {
  const [producer, worker] = await run.spawnPair({ concurrency: 10 });
  await producer.call('pauseQueue');
  await worker.call('start');
  return [producer, new Pool([worker])] as const;
}
