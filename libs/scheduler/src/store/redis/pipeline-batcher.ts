import { SystemClock } from '../../core/clock.js';

/** The store judges a round trip by the age of its oldest item, so items more than this apart are not sent together. */
const MAX_AGE_SPREAD_MS = 500;

/** How a batch is sent. */
export interface RoundTrip {
  pipeline: number;
  /** ms that its oldest item has waited. */
  age: number;
}

interface Waiting<Item, Reply> {
  /** Monotonic ms when it was added: its time budget begins there. */
  since: number;
  item: Item;
  size: number;
  resolve: (reply: Reply) => void;
  reject: (error: unknown) => void;
}

/**
 * Batches items that are added in one turn of the event loop, or while all pipelines are busy. Each pipeline has one round
 * trip in flight, so the server works on one batch while the next is on the network.
 */
export class PipelineBatcher<Item, Reply> {
  private waiting: Waiting<Item, Reply>[] = [];
  private readonly freePipelines: number[];
  private isScheduled = false;
  private readonly clock = new SystemClock();

  /**
   * @param pipelines their numbers, used by this batcher only
   * @param maxSize maximum sum of the sizes in a batch
   * @param send stores a batch while nothing else is in flight in its pipeline; returns a reply for each item, in order
   */
  constructor(
    pipelines: readonly number[],
    private readonly maxSize: number,
    private readonly send: (items: readonly Item[], roundTrip: RoundTrip) => Promise<readonly Reply[]>,
  ) {
    this.freePipelines = [...pipelines];
  }

  add(item: Item, size: number): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ since: this.clock.monotonic(), item, size, resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.isScheduled || this.freePipelines.length === 0) return;
    this.isScheduled = true;
    // Not queueMicrotask: fake timers of test frameworks replace it.
    void Promise.resolve().then(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    const group = this.takeBatch();
    if (group.length === 0) return;
    const pipeline = this.freePipelines.pop()!;
    const items = group.map(({ item }) => item);
    const callers = group.map(({ resolve, reject }) => ({ resolve, reject }));
    // The items are not retained while waiting for the reply: that would cost garbage collection time.
    this.send(items, { pipeline, age: this.clock.monotonic() - group[0]!.since })
      .then(
        (replies) => callers.forEach(({ resolve }, i) => resolve(replies[i]!)),
        (error: unknown) => callers.forEach(({ reject }) => reject(error)),
      )
      .finally(() => {
        this.freePipelines.push(pipeline);
        if (this.waiting.length > 0) this.schedule();
      });
  }

  /** Removes the items of the next batch, oldest first. */
  private takeBatch(): Waiting<Item, Reply>[] {
    let size = 0;
    let count = 0;
    const newest = (this.waiting[0]?.since ?? 0) + MAX_AGE_SPREAD_MS;
    for (const each of this.waiting) {
      size += each.size;
      if (count > 0 && (size > this.maxSize || each.since > newest)) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }
}
