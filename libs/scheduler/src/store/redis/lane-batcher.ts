import { SystemClock } from '../../core/clock.js';

/** A trip is refused by the age of its oldest: what came so much later goes with the next. */
const SAME_AGE_MS = 500;

/** What is sent at a time. */
export interface Trip {
  lane: number;
  /** ms that the oldest of it has waited. */
  age: number;
}

interface Waiting<Item, Reply> {
  /** Monotonic ms at which it was asked for: its budget begins there. */
  since: number;
  item: Item;
  size: number;
  resolve: (reply: Reply) => void;
  reject: (error: unknown) => void;
}

/**
 * Sends what is asked for in one turn of the event loop, or while other trips are under way, together. A trip for each
 * lane: one is on the server while the next one is on its way.
 */
export class LaneBatcher<Item, Reply> {
  private waiting: Waiting<Item, Reply>[] = [];
  private readonly freeLanes: number[];
  private isAwaited = false;
  private readonly clock = new SystemClock();

  /**
   * @param lanes their numbers; nobody else sends on them
   * @param sizeOfTrip how much goes together
   * @param send stores the items of a trip; nothing else is under way on its lane. Answers for each, in order
   */
  constructor(
    lanes: readonly number[],
    private readonly sizeOfTrip: number,
    private readonly send: (items: readonly Item[], trip: Trip) => Promise<readonly Reply[]>,
  ) {
    this.freeLanes = [...lanes];
  }

  add(item: Item, size: number): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ since: this.clock.monotonic(), item, size, resolve, reject });
      this.await();
    });
  }

  private await(): void {
    if (this.isAwaited || this.freeLanes.length === 0) return;
    this.isAwaited = true;
    // Not by queueMicrotask: fake timers of a test framework replace it.
    void Promise.resolve().then(() => {
      this.isAwaited = false;
      this.depart();
    });
  }

  private depart(): void {
    const group = this.take();
    if (group.length === 0) return;
    const lane = this.freeLanes.pop()!;
    const items = group.map(({ item }) => item);
    const callers = group.map(({ resolve, reject }) => ({ resolve, reject }));
    // What was sent is not kept here while the answer is on its way: the collector would carry all of it along.
    this.send(items, { lane, age: this.clock.monotonic() - group[0]!.since })
      .then(
        (replies) => callers.forEach(({ resolve }, i) => resolve(replies[i]!)),
        (error: unknown) => callers.forEach(({ reject }) => reject(error)),
      )
      .finally(() => {
        this.freeLanes.push(lane);
        if (this.waiting.length > 0) this.await();
      });
  }

  /** As many as go together, in the order in which they came. */
  private take(): Waiting<Item, Reply>[] {
    let size = 0;
    let count = 0;
    const newest = (this.waiting[0]?.since ?? 0) + SAME_AGE_MS;
    for (const each of this.waiting) {
      size += each.size;
      if (count > 0 && (size > this.sizeOfTrip || each.since > newest)) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }
}
