import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { Liveness } from '../core/liveness.js';
import { EventHub } from '../events/event-hub.js';
import { ExecutionWaiter } from '../events/execution-waiter.js';
import { Maintenance } from '../maintenance/maintenance.js';
import { TASK_STORE, type TaskStore } from '../store/task-store.js';
import { TaskCatalog } from '../task/task-catalog.js';
import { TaskWorker } from '../worker/task-worker.js';
import { RESOLVED_OPTIONS } from './foundation.module.js';
import type { ResolvedOptions } from './resolve-options.js';
import { TaskRegistrar } from './task-registrar.js';

/**
 * The order of beginning and ending: open the store, find handlers, register tasks; when the app has started, put
 * schedules and claim. At the end: stop claiming and drain while HTTP still answers, then close.
 */
@Injectable()
export class SchedulerLifecycle
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly logger = new Logger('Scheduler');
  private opening: Promise<void> | null = null;
  private stopping: Promise<void> | null = null;

  constructor(
    private readonly registrar: TaskRegistrar,
    private readonly catalog: TaskCatalog,
    private readonly worker: TaskWorker,
    private readonly maintenance: Maintenance,
    private readonly liveness: Liveness,
    private readonly hub: EventHub,
    private readonly waiter: ExecutionWaiter,
    @Inject(TASK_STORE) private readonly store: TaskStore,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.open();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.catalog.flush();
    await this.registrar.reconcileCrons();
    this.liveness.ready = true;
    if (!this.options.autoStart) return;
    await this.start();
    setImmediate(() => this.warnWithoutHooks());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop(true);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.maintenance.stop();
    this.hub.close();
    this.waiter.close();
    await this.store.close();
  }

  /** Begins, or goes on, claiming and the duties that come round. */
  async start(): Promise<void> {
    await this.stopping;
    await this.open();
    await this.catalog.flush();
    this.maintenance.start();
    if (this.options.role !== 'producer') await this.worker.start();
    else this.liveness.state = 'idle';
  }

  /** Ends claiming; scheduling, and the duties that come round, go on until the app ends. */
  async stop(wait: boolean): Promise<void> {
    this.stopping ??= this.worker.stop(wait).finally(() => (this.stopping = null));
    await this.stopping;
  }

  private open(): Promise<void> {
    return (this.opening ??= this.openAll());
  }

  private async openAll(): Promise<void> {
    await this.store.open();
    await this.registrar.boot();
    for (const [queue, rules] of this.options.queueRules) await this.store.configureQueue(queue, rules);
  }

  /** Without them a SIGTERM ends the process in the middle of its runs. */
  private warnWithoutHooks(): void {
    if (this.options.role === 'producer' || process.listenerCount('SIGTERM') > 0) return;
    this.logger.warn('app.enableShutdownHooks() was not called: a SIGTERM will not drain running tasks');
  }
}
