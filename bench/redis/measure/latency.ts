import { percentile } from '../../statistics.js';
import type { Probe } from '../protocol.js';
import { Pool } from '../pool.js';
import type { RemoteProcess } from '../remote-process.js';
import type { Metrics, Run } from '../run.js';

const CONCURRENCY = 10;
const WARM_UP_PROBES = 200;
const WARM_UP_GAP = 2;

/**
 * From the call of add to the start of the handler, on a queue that has nothing else to do.
 * @param across producer and worker are two processes; else one
 * @param gap ms between an add's return and the next add
 */
export async function measureLatency(
  run: Run,
  { across, gap, probes, quickProbes }: { across: boolean; gap: number; probes: number; quickProbes: number },
): Promise<Metrics> {
  const options = { concurrency: CONCURRENCY, timed: true };
  const [producer, worker] = across ? await run.spawnPair(options) : await alone(run.spawn('both', options));
  const pool = new Pool([worker]);
  const warmUp = run.warmUp();
  await Promise.all([pool.run(warmUp), run.preload(producer, warmUp)]);
  const first = run.options.quick ? 20 : WARM_UP_PROBES;
  const count = run.options.quick ? quickProbes : probes;
  await producer.call('probe', first, WARM_UP_GAP);
  await pool.until(warmUp + first);

  const workerCpu = across ? worker.progress.cpuUs : 0;
  let probed: Probe[] = [];
  const cost = await run.measure(count, async () => {
    const { probes: done, ...interval } = await producer.call('probe', count, gap);
    await pool.until(warmUp + first + count);
    probed = done;
    return { ...interval, cpuUs: interval.cpuUs + (across ? worker.progress.cpuUs - workerCpu : 0) };
  });
  await pool.verify(warmUp + first + count);
  await run.expectQueued(producer, 0);

  const { ids, starts } = await worker.call('observed');
  const startOf = new Map(ids.map((id, i) => [id, starts[i]!]));
  const toStart = probed.map(({ id, called }) => {
    const start = startOf.get(id);
    if (start === undefined) throw new Error(`job ${id} was added and never started`);
    return (start - called) * 1000;
  });
  const toReturn = probed.map(({ called, returned }) => (returned - called) * 1000);
  return {
    startP50: percentile(toStart, 0.5),
    startP99: percentile(toStart, 0.99),
    startMax: Math.max(...toStart),
    addP50: percentile(toReturn, 0.5),
    redisUs: cost.redisUs!,
    nodeUs: cost.nodeUs!,
    scripts: cost.scripts!,
    reads: cost.reads!,
    longestMs: cost.longestMs!,
    foreign: cost.foreign!,
  };
}

/** One process as both. */
async function alone(spawned: Promise<RemoteProcess>): Promise<[producer: RemoteProcess, worker: RemoteProcess]> {
  const both = await spawned;
  return [both, both];
}
