import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { CLOCK, type Clock } from '../core/clock.js';
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

const DECLARE_AGAIN_MS = 1_000;

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
  private declaring: Promise<void> | null = null;
  private isClosed = false;

  constructor(
    private readonly registrar: TaskRegistrar,
    private readonly catalog: TaskCatalog,
    private readonly worker: TaskWorker,
    private readonly maintenance: Maintenance,
    private readonly liveness: Liveness,
    private readonly hub: EventHub,
    private readonly waiter: ExecutionWaiter,
    @Inject(TASK_STORE) private readonly store: TaskStore,
    @Inject(CLOCK) private readonly clock: Clock,
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
    this.isClosed = true;
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
    this.hub.listen((effects) => {
      if (effects.some((effect) => effect.kind === 'emptied')) this.declaring ??= this.declareAgain();
    });
    await this.registrar.boot();
    await this.configureQueues();
  }

  private async configureQueues(): Promise<void> {
    for (const [queue, rules] of this.options.queueRules) await this.store.configureQueue(queue, rules);
  }

  /** What the app's code says, once more, until the store has heard it. What was made at run time is lost. */
  private async declareAgain(): Promise<void> {
    this.logger.warn('the store has lost all that it held: the tasks and schedules of this app are declared again');
    this.catalog.mirrorAgain();
    while (!this.isClosed) {
      try {
        await this.catalog.flush();
        await this.configureQueues();
        if (this.liveness.ready) await this.registrar.reconcileCrons();
        break;
      } catch (error) {
        this.logger.error(`not declared yet: ${error instanceof Error ? error.message : String(error)}`);
        await new Promise<void>((resolve) => this.clock.setTimer(DECLARE_AGAIN_MS, resolve));
      }
    }
    this.declaring = null;
  }

  /** Without them a SIGTERM ends the process in the middle of its runs. */
  private warnWithoutHooks(): void {
    if (this.options.role === 'producer' || process.listenerCount('SIGTERM') > 0) return;
    this.logger.warn('app.enableShutdownHooks() was not called: a SIGTERM will not drain running tasks');
  }
}
