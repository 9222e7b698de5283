import type { SchedulerRegistry } from '@nestjs/schedule';
import type { Clock } from '../core/clock.js';
import { PROMOTE_PER_STEP } from '../core/limits.js';
import type { EventHub } from '../events/event-hub.js';
import type { MaintenanceStore } from '../store/task-store.js';
import { Actor } from './actor.js';

/**
 * Processes what is due, at its instant: delays, retries, timeouts of edges, waits for locks, grace periods of cancels.
 */
export class Promoter extends Actor {
  constructor(
    private readonly store: MaintenanceStore,
    hub: EventHub,
    scheduler: string,
    registry: SchedulerRegistry,
    clock: Clock,
  ) {
    super(`scheduler:${scheduler}:promoter`, 1000, registry, clock);
    hub.listen((effects) => {
      for (const effect of effects) {
        if (effect.kind === 'timerDue') this.wakeAt(effect.at);
        else if (effect.kind === 'workRemains') this.wakeAt(this.clock.now());
      }
    });
  }

  protected override async isDue(): Promise<boolean> {
    const { promote, nextDue } = await this.store.due();
    if (nextDue !== null) this.wakeAt(nextDue);
    return promote;
  }

  protected async pass(): Promise<void> {
    for (;;) {
      const { more, nextDue } = await this.store.promote(PROMOTE_PER_STEP);
      if (nextDue !== null) this.wakeAt(nextDue);
      if (!more) return;
    }
  }
}
