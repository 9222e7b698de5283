import type { BenchOptions } from '../options.js';
import type { Work } from './job.js';
import { foreignShare, machineCpuUs } from './machine.js';
import type { AddMode, Interval } from './protocol.js';
import { costPerJob } from './redis-sample.js';
import { RemoteProcess } from './remote-process.js';
import type { RedisServer } from './server.js';
import type { Side } from './subject.js';

export type Metrics = Record<string, number>;

export interface ProcessOptions {
  concurrency?: number;
  /** Keeps the instant of each start. */
  timed?: boolean;
  /** BullMQ in a Nest app; ours always is. */
  inNest?: boolean;
}

/** One measurement of one side: its processes, and what they cost. */
export class Run {
  private readonly processes: RemoteProcess[] = [];

  constructor(
    readonly server: RedisServer,
    readonly side: Side,
    readonly options: BenchOptions,
  ) {}

  async spawn(
    role: 'producer' | 'worker' | 'both',
    { concurrency = 1, timed = false, inNest = false }: ProcessOptions = {},
  ): Promise<RemoteProcess> {
    const spawned = new RemoteProcess(this.options.cpuProf);
    this.processes.push(spawned);
    const subject = this.side === 'bullmq' && inNest ? 'bullmq-nest' : this.side;
    const { bullMqKeepBy } = this.options;
    await spawned.open({ subject, port: this.server.port, role, concurrency, timed, bullMqKeepBy });
    return spawned;
  }

  /** Spawns a producer and a worker at once. */
  async spawnPair(worker: ProcessOptions): Promise<[producer: RemoteProcess, worker: RemoteProcess]> {
    return Promise.all([this.spawn('producer'), this.spawn('worker', worker)]);
  }

  /** Jobs to measure, whole graphs. @param share of the jobs of a fast measurement */
  jobs(work: Work = {}, share = 1): number {
    return wholeGraphs(this.options.jobs * share, work);
  }

  /** Jobs before the measured ones. */
  warmUp(work: Work = {}, share = 1): number {
    return wholeGraphs(this.options.warmUp * share, work);
  }

  /** Adds in the cheapest way. */
  async preload(producer: RemoteProcess, count: number, work: Work = {}): Promise<void> {
    const mode: AddMode = work.graph ? 'concurrent' : 'bulk';
    await producer.call('add', { count, mode, ...work });
  }

  /** What `work` cost: rate, CPU of Redis and of the processes, traffic; all but the rate for each of `jobs`. */
  async measure(jobs: number, work: () => Promise<Interval>): Promise<Metrics> {
    const machine = machineCpuUs();
    await this.server.takeLongestScript();
    const before = await this.server.sample();
    const from = performance.now();
    const { begun, ended, cpuUs } = await work();
    const after = await this.server.sample();
    const foreign = foreignShare(machine, cpuUs + after.cpuUs - before.cpuUs, performance.now() - from);
    return {
      perSecond: (jobs / (ended - begun)) * 1000,
      ...costPerJob(before, after, jobs),
      nodeUs: cpuUs / jobs,
      longestMs: await this.server.takeLongestScript(),
      foreign,
    };
  }

  /** @throws Error unless so many wait, none runs and none has failed */
  async expectQueued(asked: RemoteProcess, expected: number): Promise<void> {
    const { waiting, active, failed } = await asked.call('counts');
    if (waiting !== expected || active !== 0 || failed !== 0)
      throw new Error(`queued ${waiting}, running ${active}, failed ${failed}: expected ${expected}, 0 and 0`);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.end()));
  }
}

function wholeGraphs(count: number, { graph }: Work): number {
  const nodes = graph?.nodes ?? 1;
  return Math.ceil(Math.round(count) / nodes) * nodes;
}
