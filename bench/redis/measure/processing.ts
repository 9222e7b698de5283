import type { JobKind } from '../protocol.js';
import { Team } from '../team.js';
import { Trial, type Metrics } from '../trial.js';

/** Warm workers take no-op jobs that stand ready, all of them, until the last end is committed. */
export async function measureProcessing(
  trial: Trial,
  { concurrency, workers = 1, kind = 'plain' }: { concurrency: number; workers?: number; kind?: JobKind },
): Promise<Metrics> {
  const producer = await trial.spawn('producer');
  const team = new Team(await Promise.all(Array.from({ length: workers }, () => trial.spawn('worker', concurrency))));
  // Each worker becomes as warm as one alone would.
  const warmUp = Trial.round(trial.options.warmUp * workers, kind);
  await trial.preload(producer, warmUp, kind);
  await team.run(warmUp);
  await team.pause();
  await team.verify(warmUp);

  const jobs = Trial.round(trial.options.jobs, kind);
  await trial.preload(producer, jobs, kind);
  await trial.expectQueued(producer, jobs);
  const metrics = await trial.measure(jobs, () => team.run(jobs));
  await team.pause();
  const inversions = await team.verify(jobs);
  await trial.expectQueued(producer, 0);
  return kind === 'levels' ? { ...metrics, inversions } : metrics;
}
