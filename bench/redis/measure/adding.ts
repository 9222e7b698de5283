import type { AddMode, JobKind } from '../protocol.js';
import { Trial, type Metrics } from '../trial.js';

/** A warm producer adds jobs that nobody takes. */
export async function measureAdding(trial: Trial, mode: AddMode, kind: JobKind = 'plain'): Promise<Metrics> {
  const producer = await trial.spawn('producer');
  const warmUp = Trial.round(trial.options.warmUp, kind);
  const jobs = Trial.round(trial.options.jobs, kind);
  await producer.call('add', { count: warmUp, mode, kind });
  const metrics = await trial.measure(jobs, () => producer.call('add', { count: jobs, mode, kind }));
  await trial.expectQueued(producer, warmUp + jobs);
  return metrics;
}
