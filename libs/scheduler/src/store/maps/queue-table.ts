import type { QueueLimits } from '../../engine/records.js';
import type { QueueTable } from '../../engine/queue-tables.js';
import { clearUndeclared, declare, isLimited, refillAt } from '../../engine/queue.js';
import type { Tables } from '../../engine/tables.js';
import type { QueueRules } from '../records.js';
import type { Changed } from './changed.js';
import { QueueRow } from './rows.js';

export class MapsQueueTable implements QueueTable {
  private readonly rows = new Map<string, QueueRow>();

  constructor(
    private readonly s: {
      readonly now: number;
      readonly ready: { count(queue: QueueRow): number };
      touch(record: Changed): void;
    },
  ) {}

  get(name: string): QueueRow | undefined {
    return this.rows.get(name);
  }

  /** The queue of that name; it is made if need be. */
  find(name: string): QueueRow {
    let queue = this.rows.get(name);
    if (queue === undefined) this.rows.set(name, (queue = new QueueRow(name)));
    return queue;
  }

  values(): Iterable<QueueRow> {
    return this.rows.values();
  }

  [Symbol.iterator](): Iterator<[string, QueueRow]> {
    return this.rows[Symbol.iterator]();
  }

  /** Those with limits, by name. */
  limited(): readonly QueueRow[] {
    const found: QueueRow[] = [];
    for (const queue of this.rows.values()) if (isLimited(queue)) found.push(queue);
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  eachRefilled(visit: (queue: QueueRow) => void): void {
    for (const queue of this.limited()) {
      const at = refillAt(queue);
      if (at > 0 && at <= this.s.now) visit(queue);
    }
  }

  nextRefill(): number | undefined {
    let next: number | undefined;
    for (const queue of this.limited()) {
      const at = refillAt(queue);
      if (at > this.s.now && (next === undefined || at < next) && this.s.ready.count(queue) > 0) next = at;
    }
    return next;
  }

  touch(queue: QueueRow): void {
    this.s.touch(queue);
  }

  /** Runs are always counted. */
  setLimited(): void {}

  isCounted(): boolean {
    return true;
  }
}

/** Marks queues as declared. @returns the names of those that are not declared any more, and are cleared */
export function declareQueues(
  t: Tables & { readonly queues: MapsQueueTable },
  appName: string,
  queues: readonly string[],
  isAlone: boolean,
): string[] {
  const declared = new Set(queues);
  declare(t, appName, queues);
  const others = t.queues.limited().flatMap(({ name }) => (declared.has(name) ? [] : name));
  return clearUndeclared(t, appName, others, isAlone);
}

/** As the engine takes them: absent values are undefined. */
export function toLimits({ rateLimit, concurrency }: QueueRules): QueueLimits {
  return { max: rateLimit?.max, per: rateLimit?.per, concurrency: concurrency ?? undefined };
}

/** Its limits as its users see them. */
export function rulesOf({ max, per, concurrency }: QueueRow): QueueRules {
  return { rateLimit: max === undefined ? null : { max, per: per! }, concurrency: concurrency ?? null };
}

/** The app whose code declares them, and when it last did; null: a call has set them. */
export function declaredOf({ declaredBy, declaredAt }: QueueRow): { by: string; at: number } | null {
  return declaredBy === undefined ? null : { by: declaredBy, at: declaredAt! };
}
