import { median } from '../../statistics.js';
import { Pool } from '../pool.js';
import type { Metrics, Run } from '../run.js';

const CONCURRENCY = 10;
const STARTS = 3;

/** A process that adds and runs, from its start until its code is loaded, it claims, and its first job has run. */
export async function measureBoot(run: Run, inNest: boolean): Promise<Metrics> {
  const boots: [loaded: number, ready: number, first: number][] = [];
  await run.server.takeLongestScript();
  for (let i = 0; i < (run.options.quick ? 1 : STARTS); i++) {
    const both = await run.spawn('both', { concurrency: CONCURRENCY, inNest });
    const pool = new Pool([both]);
    const { claiming } = await both.call('start');
    await both.call('probe', 1, 0);
    await pool.until(1);
    await pool.verify(1);
    const { started, loaded } = both.boot;
    boots.push([loaded - started, claiming - started, both.progress.lastCommit - started]);
    await both.end();
  }
  const middle = (of: 0 | 1 | 2): number => median(boots.map((boot) => boot[of]));
  return {
    loadedMs: middle(0),
    readyMs: middle(1),
    firstMs: middle(2),
    longestMs: await run.server.takeLongestScript(),
  };
}
