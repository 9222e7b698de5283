import { percentile } from '../../statistics.js';
import type { Probe } from '../protocol.js';
import { Team } from '../team.js';
import type { Metrics, Trial } from '../trial.js';

const CONCURRENCY = 10;
const WARM_UP_PROBES = 200;

/**
 * From the call of add to the start of the handler, on a queue that has nothing else to do.
 * @param across producer and worker are two processes; else one
 * @param gap ms between an add's return and the next add
 */
export async function measureLatency(
  trial: Trial,
  { across, gap, probes }: { across: boolean; gap: number; probes: number },
): Promise<Metrics> {
  const worker = await trial.spawn(across ? 'worker' : 'both', CONCURRENCY, true);
  const producer = across ? await trial.spawn('producer') : worker;
  const team = new Team([worker]);
  const { warmUp } = trial.options;
  await Promise.all([team.run(warmUp), trial.preload(producer, warmUp, 'plain')]);
  const first = trial.options.quick ? 20 : WARM_UP_PROBES;
  const count = trial.options.quick ? Math.ceil(probes / 10) : probes;
  await producer.call('probe', first, gap);
  await team.until(warmUp + first);

  const workerCpu = across ? worker.progress.cpuUs : 0;
  let probed: Probe[] = [];
  const cost = await trial.measure(count, async () => {
    const { probes: done, ...stretch } = await producer.call('probe', count, gap);
    await team.until(warmUp + first + count);
    probed = done;
    return { ...stretch, cpuUs: stretch.cpuUs + (across ? worker.progress.cpuUs - workerCpu : 0) };
  });
  await team.verify(warmUp + first + count);
  await trial.expectQueued(producer, 0);

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
    foreign: cost.foreign!,
  };
}
