import type { ExchangeRequest } from '../store/task-store.js';
import type { Claim } from '../store/records.js';
import type { QueueSettings, WorkerSettings } from './worker-settings.js';

type Capacity = Pick<ExchangeRequest, 'reserved' | 'capacity'>;

/** A request in flight: the runs of limited queues that it may claim. */
type InFlight = Pick<Offer, 'offered'>;

export interface Offer {
  readonly isWithheld: boolean;
  /** Runs of limited queues that the request may claim. */
  readonly offered: Readonly<Record<string, number>>;
  readonly request: Capacity;
}
export const NO_OFFER: Offer = { isWithheld: false, offered: {}, request: {} };

/** The slots of this process: how many are free, for what. Without rules for queues there is no counting. */
export class Slots {
  private taken = 0;
  /** Number of slots freed so far. */
  freed = 0;
  private readonly byQueue = new Map<string, number>();
  private readonly byPriority = new Map<string, number>();
  readonly hasRules: boolean;

  constructor(private readonly settings: WorkerSettings) {
    this.hasRules = [...(settings.queues ?? new Map<string, QueueSettings>()).values()].some(
      (queue) => queue.concurrency !== null || queue.reserve.length > 0,
    );
  }

  get inUse(): number {
    return this.taken;
  }

  /** Unused slots. */
  get freeSlots(): number {
    return Math.max(0, this.settings.maxConcurrentTasks - this.taken);
  }

  take(claim: Claim): void {
    this.taken++;
    if (this.hasRules) this.count(claim, 1);
  }

  free(claim: Claim): void {
    this.taken--;
    this.freed++;
    if (this.hasRules) this.count(claim, -1);
  }

  /**
   * What a request may claim now.
   * @param count runs that it requests
   * @param inFlight other requests
   * @returns isWithheld: whether it gets less of a queue because of those, so that another request has to follow
   */
  offer(count: number, inFlight: readonly InFlight[]): Offer {
    if (!this.hasRules) return NO_OFFER;
    const { capacity, reserved } = this.capacity(count, inFlight);
    const isWithheld = count > 0 && this.isWithheld(inFlight);
    return { isWithheld, offered: capacity, request: { capacity, reserved } };
  }

  private capacity(count: number, inFlight: readonly InFlight[]): Required<Capacity> {
    const capacity: Record<string, number> = {};
    const reserved: { queue: string; priority: Claim['priority']; count: number }[] = [];
    for (const [queue, { concurrency, reserve }] of this.settings.queues ?? []) {
      if (concurrency !== null)
        capacity[queue] = Math.min(count, Math.max(0, concurrency - this.used(queue) - offeredOf(queue, inFlight)));
      for (const { priority, slots } of reserve) {
        const count = slots - (this.byPriority.get(`${queue} ${priority}`) ?? 0);
        if (count > 0) reserved.push({ queue, priority, count });
      }
    }
    return { capacity, reserved };
  }

  private isWithheld(inFlight: readonly InFlight[]): boolean {
    return [...(this.settings.queues ?? [])].some(
      ([queue, { concurrency }]) =>
        concurrency !== null && this.used(queue) < concurrency && offeredOf(queue, inFlight) > 0,
    );
  }

  private used(queue: string): number {
    return this.byQueue.get(queue) ?? 0;
  }

  private count({ queue, priority }: Claim, by: 1 | -1): void {
    const level = `${queue} ${priority}`;
    this.byQueue.set(queue, this.used(queue) + by);
    this.byPriority.set(level, (this.byPriority.get(level) ?? 0) + by);
  }
}

function offeredOf(queue: string, inFlight: readonly InFlight[]): number {
  return inFlight.reduce((sum, { offered }) => sum + (offered[queue] ?? 0), 0);
}
