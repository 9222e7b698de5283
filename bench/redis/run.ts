import type { BenchOptions } from '../options.js';
import type { Side } from './subject.js';
import { foreignShare, machineCpuUs } from './machine.js';
import type { AddMode, JobKind, Interval } from './protocol.js';
import { costPerJob } from './redis-sample.js';
import { RemoteProcess } from './remote-process.js';
import type { RedisServer } from './server.js';
import { FLOW } from './load.js';

export type Metrics = Record<string, number>;

/** One measurement of one side: its processes, and what they cost. */
export class Run {
  private readonly processes: RemoteProcess[] = [];

  constructor(
    readonly server: RedisServer,
    readonly side: Side,
    readonly options: BenchOptions,
  ) {}

  async spawn(role: 'producer' | 'worker' | 'both', concurrency = 1, timed = false): Promise<RemoteProcess> {
    const spawned = new RemoteProcess(this.options.cpuProf);
    this.processes.push(spawned);
    const { bullMqKeepBy } = this.options;
    await spawned.call('open', { side: this.side, port: this.server.port, role, concurrency, timed, bullMqKeepBy });
    return spawned;
  }

  /** Jobs of a load of this kind: whole flows. */
  static round(count: number, kind: JobKind): number {
    return kind === 'flows' ? Math.ceil(count / FLOW) * FLOW : count;
  }

  /** Adds in the cheapest way. */
  async preload(producer: RemoteProcess, count: number, kind: JobKind): Promise<void> {
    await producer.call('add', { count, mode: Run.fastest(kind), kind });
  }

  static fastest(kind: JobKind): AddMode {
    return kind === 'flows' ? 'concurrent' : 'bulk';
  }

  /** What `work` cost: rate, CPU of Redis and of the processes, traffic; all but the rate for each of `jobs`. */
  async measure(jobs: number, work: () => Promise<Interval>): Promise<Metrics> {
    const machine = machineCpuUs();
    const before = await this.server.sample();
    const from = performance.now();
    const { begun, ended, cpuUs } = await work();
    const after = await this.server.sample();
    const foreign = foreignShare(machine, cpuUs + after.cpuUs - before.cpuUs, performance.now() - from);
    return {
      perSecond: (jobs / (ended - begun)) * 1000,
      ...costPerJob(before, after, jobs),
      nodeUs: cpuUs / jobs,
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
