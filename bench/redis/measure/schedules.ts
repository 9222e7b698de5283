import { percentile } from '../../statistics.js';
import { Pool } from '../pool.js';
import type { Metrics, Run } from '../run.js';

const SCHEDULES = 500;
const WARM_UP = 100;
const CONCURRENCY = 100;
const WARM_UP_TICKS = 2;
/** Measured: of a smoke run, and of any other. */
const TICKS = { quick: 2, full: 5 };

/** A warm producer creates schedules that fire every second; no worker is up. */
export async function measurePuttingSchedules(run: Run): Promise<Metrics> {
  const producer = await run.spawn('producer');
  await producer.call('putSchedules', 0, WARM_UP);
  const metrics = await run.measure(SCHEDULES, () => producer.call('putSchedules', WARM_UP, SCHEDULES));
  const there = await producer.call('schedules');
  if (there !== WARM_UP + SCHEDULES) throw new Error(`${there} schedules, not ${WARM_UP + SCHEDULES}`);
  return metrics;
}

/** Schedules that fire every second, for some seconds: what a fire costs, and how late its start is. */
export async function measureFiring(run: Run): Promise<Metrics> {
  const [producer, worker] = await run.spawnPair({ concurrency: CONCURRENCY });
  const pool = new Pool([worker]);
  const jobs = SCHEDULES * (run.options.quick ? TICKS.quick : TICKS.full);
  const warmUp = SCHEDULES * WARM_UP_TICKS;
  await producer.call('putSchedules', 0, SCHEDULES);
  await pool.run(warmUp);
  const cpuUs = worker.progress.cpuUs;
  const cost = await run.measure(jobs, async () => {
    await pool.until(warmUp + jobs);
    const { lastCommit, cpuUs: spent } = worker.progress;
    return { begun: 0, ended: lastCommit, cpuUs: spent - cpuUs };
  });
  await pool.pause();
  await pool.verify(warmUp + jobs, { strict: false });
  const { lateness, fires } = await worker.call('observed');
  return {
    redisUs: cost.redisUs!,
    nodeUs: cost.nodeUs!,
    lateP50: percentile(lateness.slice(warmUp, warmUp + jobs), 0.5),
    missed: missedShare([...fires.values()].slice(WARM_UP_TICKS, -1)),
    longestMs: cost.longestMs!,
    foreign: cost.foreign!,
  };
}

/** The share of ticks of schedules that did not fire. @param fires of each whole tick */
function missedShare(fires: readonly number[]): number {
  return 1 - fires.reduce((sum, count) => sum + count, 0) / (fires.length * SCHEDULES);
}
