import type { GraphSpec } from '../graph.js';
import { Pool } from '../pool.js';
import type { Metrics, Run } from '../run.js';

const CONCURRENCY = 100;
const SHARE = 1 / 12;

/** Large graphs, created one after the other, then processed together. */
export async function measureGraphs(run: Run, graph: GraphSpec): Promise<Metrics> {
  const [producer, worker] = await run.spawnPair({ concurrency: CONCURRENCY });
  const pool = new Pool([worker]);
  const [warmUp, jobs] = [run.warmUp({ graph }, SHARE), run.jobs({ graph }, SHARE)];
  await producer.call('add', { count: warmUp, mode: 'one', graph });
  await pool.run(warmUp);
  await pool.pause();
  await pool.verify(warmUp);

  const adding = await run.measure(jobs, () => producer.call('add', { count: jobs, mode: 'one', graph }));
  await run.expectQueued(producer, jobs);
  const processing = await run.measure(jobs, () => pool.run(jobs));
  await pool.pause();
  await pool.verify(jobs);
  await run.expectQueued(producer, 0);
  return {
    addPerSecond: adding.perSecond!,
    addRedisUs: adding.redisUs!,
    addNodeUs: adding.nodeUs!,
    processPerSecond: processing.perSecond!,
    processRedisUs: processing.redisUs!,
    processNodeUs: processing.nodeUs!,
    longestMs: Math.max(adding.longestMs!, processing.longestMs!),
    foreign: processing.foreign!,
  };
}
