import type { JobKind } from '../protocol.js';
import { Run, type Metrics } from '../run.js';

/** Enough that scripts, definitions and fixed keys are there before the first look. */
const BEFORE = 110;

/** Bytes that a queued job takes. */
export async function measureMemory(run: Run, kind: JobKind = 'plain'): Promise<Metrics> {
  const producer = await run.spawn('producer');
  const first = Run.round(BEFORE, kind);
  const jobs = Run.round(run.options.jobs, kind);
  await run.preload(producer, first, kind);
  const before = await run.server.settledMemory();
  await run.preload(producer, jobs, kind);
  const bytes = ((await run.server.settledMemory()) - before) / jobs;
  await run.expectQueued(producer, first + jobs);
  return { bytes };
}
