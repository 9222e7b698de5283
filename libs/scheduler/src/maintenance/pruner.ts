import type { SchedulerRegistry } from '@nestjs/schedule';
import type { Clock } from '../core/clock.js';
import { RESCUE_PER_STEP } from '../core/limits.js';
import type { CronScheduler } from '../cron/cron-scheduler.js';
import type { QueueLimiter } from '../queue/queue-limiter.js';
import type { MaintenanceStore } from '../store/task-store.js';
import { Actor } from './actor.js';

/** Removes what has expired: old history, idempotency keys, and schedules and limits that no code declares any more. */
export class Pruner extends Actor {
  constructor(
    private readonly store: MaintenanceStore,
    private readonly cron: CronScheduler,
    private readonly queues: QueueLimiter,
    scheduler: string,
    registry: SchedulerRegistry,
    clock: Clock,
  ) {
    super(`scheduler:${scheduler}:pruner`, 60_000, registry, clock);
  }

  protected async pass(): Promise<void> {
    while ((await this.store.prune(RESCUE_PER_STEP)).more);
    await this.cron.declareAgain();
    await this.queues.declareAgain();
  }
}
