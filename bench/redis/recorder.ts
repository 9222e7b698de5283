import { setTimeout as sleep } from 'node:timers/promises';
import type { JobData } from './job.js';

/** Milliseconds on the machine's clock at which this process's own began: that one is a quarter of the work to ask. */
export const STARTED_AT = startOfProcess();

function startOfProcess(): number {
  let [best, narrowest] = [0, Number.POSITIVE_INFINITY];
  // Of two readings with little time between them: the first ones are slow, and any may be interrupted.
  for (let tries = 0; tries < 100; tries++) {
    const before = Number(process.hrtime.bigint()) / 1e6;
    const own = performance.now();
    const width = Number(process.hrtime.bigint()) / 1e6 - before;
    if (width < narrowest) [best, narrowest] = [before + width / 2 - own, width];
  }
  return best;
}

/** Milliseconds on the monotonic clock of the machine, which all its processes share. */
export function now(): number {
  return STARTED_AT + performance.now();
}

/** What a worker process saw since the last reset. */
export interface Sample {
  /** Every job that started, once each. */
  ids: string[];
  /** Starts of a job that had started before, and of a tick that had fired before. */
  repeats: number;
  /** Starts behind a job of a worse level. */
  inversions: number;
  /** Nodes that started before one that they wait for. */
  early: number;
  committed: number;
  failed: string[];
  /** When each of `ids` started; only where times were asked for. */
  starts: number[];
  /** ms from when each start was due, of those that were due at a time. */
  lateness: number[];
  /** How many schedules fired for each tick. */
  fires: Map<number, number>;
}

/** Sees each start and each committed end of a worker process; the same few operations for both sides. */
export class Recorder {
  private ids = new Set<string>();
  private starts: number[] = [];
  private lateness: number[] = [];
  private nodesRun = new Map<number, Set<number>>();
  private ticks = new Map<number, Set<number>>();
  private worstLevel = 0;
  private repeats = 0;
  private inversions = 0;
  private early = 0;
  private failed: string[] = [];
  committed = 0;
  /** When the newest commit was reported. */
  lastCommit = 0;

  /** @param timed keeps the instant of each start */
  constructor(
    private readonly timed: boolean,
    private readonly onCommit: (committed: number) => void,
  ) {}

  /**
   * The handler of both sides: a no-op, unless the job asks for more.
   * @param attempt from 1
   * @param due when it was to start, in ms of the wall clock
   */
  handle(id: string, job: JobData, attempt: number, due = job.due): Promise<void> | undefined {
    this.started(id, job, due);
    if (job.failures !== undefined && attempt <= job.failures) throw new Error('this attempt is to fail');
    return job.ms === undefined ? undefined : sleep(job.ms);
  }

  private started(id: string, { level, graph, node, after, schedule }: JobData, due: number | undefined): void {
    if (this.timed) this.starts.push(now());
    if (this.ids.has(id)) this.repeats++;
    else this.ids.add(id);
    if (level !== undefined) {
      if (level < this.worstLevel) this.inversions++;
      else this.worstLevel = level;
    }
    if (graph !== undefined) this.nodeStarted(graph, node!, after ?? [0, 0]);
    if (due === undefined) return;
    this.lateness.push(Date.now() - due);
    if (schedule !== undefined) this.fired(schedule, due);
  }

  private nodeStarted(graph: number, node: number, [from, to]: [number, number]): void {
    const run = this.nodesRun.get(graph) ?? new Set();
    this.nodesRun.set(graph, run);
    for (let upstream = from; upstream < to; upstream++) if (!run.has(upstream)) this.early++;
    run.add(node);
  }

  private fired(schedule: number, tick: number): void {
    const schedules = this.ticks.get(tick) ?? new Set();
    this.ticks.set(tick, schedules);
    if (schedules.has(schedule)) this.repeats++;
    schedules.add(schedule);
  }

  /** The end of the job is in Redis. Jobs of other processes are ignored: both sides may report them. */
  ended(id: string): void {
    if (!this.ids.has(id)) return;
    this.lastCommit = now();
    this.onCommit(++this.committed);
  }

  hasFailed(reason: string): void {
    this.failed.push(reason);
  }

  reset(): void {
    this.ids = new Set();
    [this.starts, this.lateness, this.failed] = [[], [], []];
    [this.nodesRun, this.ticks] = [new Map(), new Map()];
    this.worstLevel = this.repeats = this.inversions = this.early = this.committed = this.lastCommit = 0;
  }

  observed(): Sample {
    const { repeats, inversions, early, committed, failed, starts, lateness } = this;
    const fires = new Map([...this.ticks].map(([tick, schedules]) => [tick, schedules.size]));
    return { ids: [...this.ids], repeats, inversions, early, committed, failed, starts, lateness, fires };
  }
}
