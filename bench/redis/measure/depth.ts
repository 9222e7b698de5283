import type { Stretch } from '../protocol.js';
import type { RemoteProcess } from '../remote-process.js';
import { Team } from '../team.js';
import type { Metrics, Trial } from '../trial.js';

const CONCURRENCY = 100;
const STEP = 500;
/** Jobs above the standing ones while both go on, so that the worker never sees the ground. */
const AHEAD = 2_000;

/**
 * What a job costs when so many stand in the queue: adding on top of them, processing down to them, and both at once
 * at a constant depth. At the deepest there are `depth` jobs queued.
 */
export async function measureDepth(trial: Trial, depth: number): Promise<Metrics> {
  const { jobs, warmUp } = trial.options;
  const standing = Math.max(1_000, depth - jobs);
  const producer = await trial.spawn('producer');
  const worker = await trial.spawn('worker', CONCURRENCY);
  const team = new Team([worker]);
  await trial.preload(producer, warmUp, 'plain');
  await team.run(warmUp);
  await team.pause();
  await team.verify(warmUp);

  const empty = await trial.server.settledMemory();
  await trial.preload(producer, standing, 'plain');
  const adding = await trial.measure(jobs, () => producer.call('add', { count: jobs, mode: 'bulk', kind: 'plain' }));
  await trial.expectQueued(producer, standing + jobs);
  const bytes = ((await trial.server.settledMemory()) - empty) / (standing + jobs);
  const processing = await trial.measure(jobs, () => team.run(jobs));
  await team.pause();
  await team.verify(jobs, false);

  await trial.preload(producer, AHEAD, 'plain');
  const both = await trial.measure(jobs, () => inBalance(team, producer, jobs));
  await team.pause();
  await team.verify(jobs, false);
  return {
    perSecond: both.perSecond!,
    redisUs: both.redisUs!,
    nodeUs: both.nodeUs!,
    addPerSecond: adding.perSecond!,
    addRedisUs: adding.redisUs!,
    addNodeUs: adding.nodeUs!,
    processPerSecond: processing.perSecond!,
    processRedisUs: processing.redisUs!,
    processNodeUs: processing.nodeUs!,
    bytes,
    foreign: both.foreign!,
  };
}

/** As many are added as have ended, step by step. */
async function inBalance(team: Team, producer: RemoteProcess, jobs: number): Promise<Stretch> {
  let asked = 0;
  let cpuUs = 0;
  let adding: Promise<void> = Promise.resolve();
  const worked = await team.run(jobs, (committed) => {
    for (; asked + STEP <= Math.min(committed, jobs); asked += STEP) {
      adding = adding
        .then(() => producer.call('add', { count: STEP, mode: 'bulk', kind: 'plain' }))
        .then((stretch) => void (cpuUs += stretch.cpuUs));
      adding.catch(() => undefined);
    }
  });
  await adding;
  return { ...worked, cpuUs: worked.cpuUs + cpuUs };
}
