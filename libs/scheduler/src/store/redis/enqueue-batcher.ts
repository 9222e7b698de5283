import type { NewExecution } from '../../core/commands.js';
import { isPlain } from './codec/executions.js';

interface Waiting {
  batch: readonly NewExecution[];
  resolve: (ids: string[]) => void;
  reject: (error: unknown) => void;
}

/** Trips under way at a time: one is on the server while the next one is on its way. */
const UNDER_WAY = 2;
/** Executions of one trip. */
const TOGETHER = 500;

/**
 * Sends what is scheduled in one turn of the event loop, or while others are under way, as one batch. Only plain
 * executions go together: nothing about them can be refused, so that no caller hears of another's mistake.
 */
export class EnqueueBatcher {
  private waiting: Waiting[] = [];
  private underWay = 0;
  private isAwaited = false;

  constructor(private readonly send: (batch: readonly NewExecution[]) => Promise<string[]>) {}

  add(batch: readonly NewExecution[]): Promise<string[]> {
    if (batch.length > TOGETHER || !batch.every(isPlain)) return this.send(batch);
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, resolve, reject });
      this.await();
    });
  }

  private await(): void {
    if (this.isAwaited || this.underWay >= UNDER_WAY) return;
    this.isAwaited = true;
    queueMicrotask(() => {
      this.isAwaited = false;
      void this.depart();
    });
  }

  private async depart(): Promise<void> {
    const group = this.take();
    if (group.length === 0) return;
    this.underWay++;
    try {
      const ids = await this.send(group.length === 1 ? group[0]!.batch : group.flatMap(({ batch }) => batch));
      let from = 0;
      for (const { batch, resolve } of group) resolve(ids.slice(from, (from += batch.length)));
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      this.underWay--;
      if (this.waiting.length > 0) this.await();
    }
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
