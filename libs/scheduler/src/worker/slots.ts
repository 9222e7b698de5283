import type { ExchangeRequest } from '../store/task-store.js';
import type { Claim } from '../store/records.js';
import type { QueueSettings, WorkerSettings } from './worker-settings.js';

type Capacity = Pick<ExchangeRequest, 'reserved' | 'capacity'>;

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

  /** What may be claimed now. */
  capacity(): Capacity {
    if (!this.hasRules) return {};
    const capacity: Record<string, number> = {};
    const reserved: { queue: string; priority: Claim['priority']; count: number }[] = [];
    for (const [queue, { concurrency, reserve }] of this.settings.queues ?? []) {
      if (concurrency !== null) capacity[queue] = concurrency - (this.byQueue.get(queue) ?? 0);
      for (const { priority, slots } of reserve) {
        const count = slots - (this.byPriority.get(`${queue} ${priority}`) ?? 0);
        if (count > 0) reserved.push({ queue, priority, count });
      }
    }
    return { capacity, reserved };
  }

  private count({ queue, priority }: Claim, by: 1 | -1): void {
    const level = `${queue} ${priority}`;
    this.byQueue.set(queue, (this.byQueue.get(queue) ?? 0) + by);
    this.byPriority.set(level, (this.byPriority.get(level) ?? 0) + by);
  }
}
