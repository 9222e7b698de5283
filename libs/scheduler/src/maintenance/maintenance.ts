import { Inject, Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { BootContext } from '../core/boot-context.js';
import { CLOCK, type Clock } from '../core/clock.js';
import type { Effect } from '../core/effects.js';
import { Liveness } from '../core/liveness.js';
import { CronScheduler } from '../cron/cron-scheduler.js';
import { EventHub } from '../events/event-hub.js';
import { QueueLimiter } from '../queue/queue-limiter.js';
import { TaskRetryManager } from '../retry/task-retry-manager.js';
import { TASK_STORE, type TaskStore } from '../store/task-store.js';
import { TaskCatalog } from '../task/task-catalog.js';
import type { Actor } from './actor.js';
import { CommonIntervals } from './common-intervals.js';
import { CronTicker } from './cron-ticker.js';
import { Promoter } from './promoter.js';
import { Pruner } from './pruner.js';
import { Rescuer } from './rescuer.js';
import { UnservedWatch } from './unserved-watch.js';

export interface MaintenanceSettings {
  /** The scheduler's name, or 'default'. */
  scheduler: string;
  /** ms */
  lease: number;
  /** ms for a running execution to react to a cancel. */
  abortGrace: number;
  /** Whether this process is to run tasks. */
  isWorker: boolean;
}
export const MAINTENANCE_SETTINGS = Symbol.for('nestjs-advanced-scheduler:maintenance-settings');

/** The periodic duties. Every node runs them: there is no leader. */
@Injectable()
export class Maintenance {
  private readonly logger = new Logger('SchedulerMaintenance');
  private readonly actors: readonly Actor[];

  constructor(
    @Inject(TASK_STORE) store: TaskStore,
    catalog: TaskCatalog,
    cron: CronScheduler,
    queues: QueueLimiter,
    retries: TaskRetryManager,
    hub: EventHub,
    registry: SchedulerRegistry,
    liveness: Liveness,
    context: BootContext,
    @Inject(CLOCK) clock: Clock,
    @Inject(MAINTENANCE_SETTINGS) { scheduler, lease, abortGrace, isWorker }: MaintenanceSettings,
  ) {
    hub.listen((effects) => {
      for (const effect of effects) this.report(effect);
    });
    const time = new CommonIntervals(clock);
    // Maintenance starts before the worker does.
    const runsTasks = (): boolean => isWorker && liveness.state !== 'stopped';
    this.actors = [
      new Promoter(store, hub, scheduler, registry, time),
      new CronTicker(store, catalog, abortGrace, hub, scheduler, registry, time, runsTasks),
      new Rescuer(store, catalog, retries, context, lease, scheduler, registry, time),
      new Pruner(store, cron, queues, scheduler, registry, time),
      new UnservedWatch(store, scheduler, registry, time),
    ];
    for (const actor of this.actors)
      actor.onPass = (duty, error) => (error === null ? liveness.succeeded(duty) : liveness.failed(duty, error));
  }

  start(): void {
    for (const actor of this.actors) actor.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.actors.map((actor) => actor.stop()));
  }

  private report(effect: Effect): void {
    if (effect.kind === 'clockStep')
      this.logger.error(`the store's clock ${describeStep(effect.by)}; deadlines were adjusted`);
    else if (effect.kind === 'returned')
      this.logger.warn(`${effect.count} runs that worker ${effect.workerId} does not hold went back to their queues`);
    else if (effect.kind === 'rewound')
      this.logger.error(
        `the store came back with older data: ${effect.count} acknowledged ${
          effect.workerId === null ? 'executions' : `requests of worker ${effect.workerId}`
        } are lost`,
      );
    else if (effect.kind === 'setAside')
      this.logger.error(`${effect.step}: ${effect.id} could not be processed and was set aside: ${effect.error}`);
  }

  /** Runs one pass of each duty now. */
  async runAll(): Promise<void> {
    for (const actor of this.actors) await actor.run();
  }
}

/** @param by ms back */
function describeStep(by: number): string {
  return `went ${by < 0 ? 'forward' : 'back'} by ${Math.round(Math.abs(by) / 100) / 10} s`;
}
