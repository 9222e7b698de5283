import type { JobKind } from '../protocol.js';
import { Trial, type Metrics } from '../trial.js';

/** Enough that scripts, definitions and fixed keys are there before the first look. */
const BEFORE = 110;

/** Bytes that a queued job takes. */
export async function measureMemory(trial: Trial, kind: JobKind = 'plain'): Promise<Metrics> {
  const producer = await trial.spawn('producer');
  const first = Trial.round(BEFORE, kind);
  const jobs = Trial.round(trial.options.jobs, kind);
  await trial.preload(producer, first, kind);
  const before = await trial.server.settledMemory();
  await trial.preload(producer, jobs, kind);
  const bytes = ((await trial.server.settledMemory()) - before) / jobs;
  await trial.expectQueued(producer, first + jobs);
  return { bytes };
}
