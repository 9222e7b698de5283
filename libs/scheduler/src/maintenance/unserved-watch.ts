import type { SchedulerRegistry } from '@nestjs/schedule';
import type { Clock } from '../core/clock.js';
import type { HealthStore } from '../store/task-store.js';
import { unservedQueues } from '../store/unserved.js';
import { Actor } from './actor.js';

/**
 * Logs work that no live worker takes: queues with ready executions and no worker, tasks without a handler. Each is
 * logged once, after two consecutive passes have found it, and again if it was served in between.
 */
export class UnservedWatch extends Actor {
  private seen: ReadonlySet<string> = new Set();
  private readonly logged = new Set<string>();

  constructor(
    private readonly store: HealthStore,
    scheduler: string,
    registry: SchedulerRegistry,
    clock: Clock,
  ) {
    super(`scheduler:${scheduler}:unserved`, 60_000, registry, clock);
  }

  protected async pass(): Promise<void> {
    const stats = await this.store.stats();
    const found = new Set([
      ...unservedQueues(stats.queues).map((queue) => `no live worker serves queue '${queue}'`),
      ...stats.unhandledTasks.map((taskId) => `no live worker handles task '${taskId}'`),
    ]);
    for (const problem of found) {
      if (!this.seen.has(problem) || this.logged.has(problem)) continue;
      this.logged.add(problem);
      this.logger.warn(`${problem}: its executions wait`);
    }
    for (const problem of this.logged) if (!found.has(problem)) this.logged.delete(problem);
    this.seen = found;
  }
}
