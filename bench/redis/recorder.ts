import { CHILDREN, type JobData } from './job.js';

/** Milliseconds on the machine's clock at which this process's own began: that one is a quarter of the work to ask. */
const STARTED_AT = startOfProcess();

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
  /** Starts of a job that had started before. */
  repeats: number;
  /** Starts behind a job of a worse level. */
  inversions: number;
  /** Parents that started before their children had run. */
  earlyParents: number;
  committed: number;
  failed: string[];
  /** When each of `ids` started; only where times were asked for. */
  starts: number[];
}

/** Sees each start and each committed end of a worker process; the same few operations for both sides. */
export class Recorder {
  private ids = new Set<string>();
  private starts: number[] = [];
  private childrenRun = new Map<number, number>();
  private worstLevel = 0;
  private repeats = 0;
  private inversions = 0;
  private earlyParents = 0;
  private failed: string[] = [];
  committed = 0;
  /** When the newest commit was heard of. */
  lastCommit = 0;

  /** @param timed keeps the instant of each start */
  constructor(
    private readonly timed: boolean,
    private readonly onCommit: (committed: number) => void,
  ) {}

  /** Called by the handler, and its only work. */
  started(id: string, { level, flow, parent }: JobData): void {
    if (this.timed) this.starts.push(now());
    if (this.ids.has(id)) this.repeats++;
    else this.ids.add(id);
    if (level !== undefined) {
      if (level < this.worstLevel) this.inversions++;
      else this.worstLevel = level;
    }
    if (flow === undefined) return;
    const run = this.childrenRun.get(flow) ?? 0;
    if (parent !== true) this.childrenRun.set(flow, run + 1);
    else if (run !== CHILDREN) this.earlyParents++;
  }

  /** The end of the job is in Redis. Jobs of other processes are passed over: both sides may tell of them. */
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
    this.starts = [];
    this.childrenRun = new Map();
    this.worstLevel = this.repeats = this.inversions = this.earlyParents = this.committed = this.lastCommit = 0;
    this.failed = [];
  }

  observed(): Sample {
    const { repeats, inversions, earlyParents, committed, failed, starts } = this;
    return { ids: [...this.ids], repeats, inversions, earlyParents, committed, failed, starts };
  }
}
