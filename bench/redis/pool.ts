import type { Interval } from './protocol.js';
import type { RemoteProcess } from './remote-process.js';

const STALL_MS = 60_000;

/** The worker processes of a measurement, as one. */
export class Pool {
  constructor(private readonly workers: readonly RemoteProcess[]) {}

  get committed(): number {
    return this.workers.reduce((sum, { progress }) => sum + progress.committed, 0);
  }

  /**
   * Starts all, and waits until so many ends are committed.
   * @param onProgress called for every progress message
   * @returns from the first start to the last reported commit
   * @throws Error when nothing moves for a minute
   */
  async run(jobs: number, onProgress: (committed: number) => void = () => undefined): Promise<Interval> {
    for (const worker of this.workers) worker.progress = { committed: 0, lastCommit: 0, cpuUs: 0 };
    const reached = this.until(jobs, onProgress);
    const [begun] = await Promise.all([Promise.all(this.workers.map((worker) => worker.call('start'))), reached]);
    return {
      begun: Math.min(...begun.map(({ at }) => at)),
      ended: Math.max(...this.workers.map(({ progress }) => progress.lastCommit)),
      cpuUs: this.workers.reduce((sum, { progress }, i) => sum + progress.cpuUs - begun[i]!.cpuUs, 0),
    };
  }

  async pause(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.call('pause')));
  }

  /**
   * Each job ran as often as it should, and all of them.
   * @param strict false: more than `jobs` may have run, where the worker was stopped in the middle of a queue
   * @param attempts runs of each job
   * @returns starts behind a job of a worse level, over all jobs
   * @throws Error that says what is wrong
   */
  async verify(jobs: number, { strict = true, attempts = 1 } = {}): Promise<number> {
    const seen = await Promise.all(this.workers.map((worker) => worker.call('observed')));
    const sum = (of: (each: (typeof seen)[number]) => number): number =>
      seen.reduce((total, each) => total + of(each), 0);
    const distinct = new Set(seen.flatMap(({ ids }) => ids)).size;
    const committed = sum((each) => each.committed);
    const started = sum(({ ids, repeats }) => ids.length + repeats);
    const reasons = seen.flatMap(({ failed }) => failed);
    if (reasons.length > 0) throw new Error(`${reasons.length} failed, first: ${reasons[0]}`);
    if (started !== distinct * attempts)
      throw new Error(`${started} starts of ${distinct} jobs, ${attempts} of each expected`);
    if (committed !== distinct) throw new Error(`${distinct} jobs started, ${committed} ended`);
    if (strict ? distinct !== jobs : distinct < jobs) throw new Error(`${distinct} jobs ran, ${jobs} were queued`);
    const early = sum((each) => each.early);
    if (early > 0) throw new Error(`${early} times a node ran before one that it waits for`);
    return sum(({ inversions }) => inversions) / jobs;
  }

  /** Waits until so many ends are committed since the start. */
  until(jobs: number, onProgress: (committed: number) => void = () => undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stalled = (): void => end(new Error(`stalled: ${this.committed} of ${jobs} ended, none for a minute`));
      let timer = setTimeout(stalled, STALL_MS);
      const end = (error?: Error): void => {
        clearTimeout(timer);
        for (const worker of this.workers) worker.onProgress = () => undefined;
        if (error) reject(error);
        else resolve();
      };
      const look = (): void => {
        const death = this.workers.find((worker) => worker.death)?.death;
        if (death) return end(death);
        clearTimeout(timer);
        timer = setTimeout(stalled, STALL_MS);
        onProgress(this.committed);
        if (this.committed >= jobs) end();
      };
      for (const worker of this.workers) worker.onProgress = look;
      if (this.committed >= jobs) end();
    });
  }
}
