import type { AddMode, JobKind } from '../protocol.js';
import { Run, type Metrics } from '../run.js';

/** A warm producer adds jobs that nobody takes. */
export async function measureAdding(run: Run, mode: AddMode, kind: JobKind = 'plain'): Promise<Metrics> {
  const producer = await run.spawn('producer');
  const warmUp = Run.round(run.options.warmUp, kind);
  const jobs = Run.round(run.options.jobs, kind);
  await producer.call('add', { count: warmUp, mode, kind });
  const metrics = await run.measure(jobs, () => producer.call('add', { count: jobs, mode, kind }));
  await run.expectQueued(producer, warmUp + jobs);
  return metrics;
}
