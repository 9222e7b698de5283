import type { Work } from '../job.js';
import type { Metrics, Run } from '../run.js';

/** Enough that scripts, definitions and fixed keys are there before the first look. */
const BEFORE = 110;

/** Bytes that a queued job takes. */
export async function measureMemory(run: Run, work: Work = {}, share = 1): Promise<Metrics> {
  const producer = await run.spawn('producer');
  const first = run.jobs(work, BEFORE / run.options.jobs);
  const jobs = run.jobs(work, share);
  await run.preload(producer, first, work);
  const before = await run.server.settledMemory();
  await run.preload(producer, jobs, work);
  const longestMs = await run.server.takeLongestScript();
  const bytes = ((await run.server.settledMemory()) - before) / jobs;
  await run.expectQueued(producer, first + jobs);
  return { bytes, longestMs };
}
