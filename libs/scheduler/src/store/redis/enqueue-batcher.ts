import type { NewExecution } from '../../core/commands.js';
import { isPlain } from './codec/executions.js';

interface Waiting {
  batch: readonly NewExecution[];
  resolve: (ids: string[]) => void;
  reject: (error: unknown) => void;
}

/** Executions of one trip. */
const TOGETHER = 500;

/**
 * Sends what is scheduled in one turn of the event loop, or while others are under way, as one batch. Only plain
 * executions go together: nothing about them can be refused, so that no caller hears of another's mistake.
 */
export class EnqueueBatcher {
  private waiting: Waiting[] = [];
  /** A trip each: one is on the server while the next one is on its way. */
  private readonly freeLanes = [0, 1];
  private isAwaited = false;

  /** @param send stores a batch; with a lane, nothing else is under way on that */
  constructor(private readonly send: (batch: readonly NewExecution[], lane: number | null) => Promise<string[]>) {}

  add(batch: readonly NewExecution[]): Promise<string[]> {
    if (batch.length > TOGETHER || !batch.every(isPlain)) return this.send(batch, null);
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, resolve, reject });
      this.await();
    });
  }

  private await(): void {
    if (this.isAwaited || this.freeLanes.length === 0) return;
    this.isAwaited = true;
    queueMicrotask(() => {
      this.isAwaited = false;
      this.depart();
    });
  }

  private depart(): void {
    const group = this.take();
    if (group.length === 0) return;
    const lane = this.freeLanes.pop()!;
    const batch = group.length === 1 ? group[0]!.batch : group.flatMap((each) => each.batch);
    const callers = group.map(({ batch: { length }, resolve, reject }) => ({ length, resolve, reject }));
    // What was sent is not kept here while the answer is on its way: the collector would carry all of it along.
    this.send(batch, lane)
      .then(
        (ids) => {
          let from = 0;
          for (const { length, resolve } of callers) resolve(ids.slice(from, (from += length)));
        },
        (error: unknown) => {
          for (const { reject } of callers) reject(error);
        },
      )
      .finally(() => {
        this.freeLanes.push(lane);
        if (this.waiting.length > 0) this.await();
      });
  }

  /** As many as go together, in the order in which they came. */
  private take(): Waiting[] {
    let size = 0;
    let count = 0;
    for (const { batch } of this.waiting) {
      size += batch.length;
      if (count > 0 && size > TOGETHER) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }
}
