import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { BootContext } from '../core/boot-context.js';
import { CLOCK, type Clock } from '../core/clock.js';
import { SchedulerClosedError } from '../core/errors.js';
import { Liveness } from '../core/liveness.js';
import { within } from '../core/within.js';
import { EventHub } from '../events/event-hub.js';
import { SCHEDULER_NAME } from '../events/tokens.js';
import { ExecutionWaiter } from '../events/execution-waiter.js';
import { Maintenance } from '../maintenance/maintenance.js';
import { QueueLimiter } from '../queue/queue-limiter.js';
import { TASK_STORE, type TaskStore } from '../store/task-store.js';
import { TaskCatalog } from '../task/task-catalog.js';
import { TaskWorker } from '../worker/task-worker.js';
import { AppEdge, type AppMember } from './app-edge.js';
import { RESOLVED_OPTIONS } from './foundation.module.js';
import type { ResolvedOptions } from './resolve-options.js';
import { TaskRegistrar } from './task-registrar.js';

const DECLARE_AGAIN_MS = 1_000;
/** Time for a running maintenance pass to end at the close. */
const MAINTENANCE_LIMIT_MS = 1_000;
/** A wait for an execution inside a bootstrap hook is reported after so long: nothing runs before the hooks return. */
const BOOT_WAIT_WARNING_MS = 5_000;

/**
 * - `created`: no hook of Nest was called yet.
 * - `booting`: tasks are registered, the store accepts calls, nothing is claimed.
 * - `ready`: every module has started. Claiming can be started and stopped.
 * - `draining`: the app is closing. Calls are still accepted, claiming cannot be started again.
 * - `closed`: final. Every call is refused.
 */
type Phase = 'created' | 'booting' | 'ready' | 'draining' | 'closed';

/**
 * The life cycle of a scheduler. Start: open the store, find handlers, register tasks, put schedules; claim when the
 * whole app has started. Stop: stop claiming and drain before any other module stops, then close.
 */
@Injectable()
export class SchedulerLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown, AppMember {
  private readonly logger = new Logger('Scheduler');
  private phase: Phase = 'created';
  /** Whether this process should claim when the app is ready. */
  private isWanted: boolean;
  private opening: Promise<void> | null = null;
  /** Resolves with false if a stop was requested before anything was started. */
  private starting: Promise<boolean> | null = null;
  private stopping: Promise<void> | null = null;
  private draining: Promise<void> | null = null;
  private closing: Promise<void> | null = null;
  private declaring: Promise<void> | null = null;
  private hasWarned = false;
  private readonly companions: (() => Promise<void>)[] = [];

  constructor(
    private readonly edge: AppEdge,
    private readonly registrar: TaskRegistrar,
    private readonly catalog: TaskCatalog,
    private readonly worker: TaskWorker,
    private readonly maintenance: Maintenance,
    private readonly liveness: Liveness,
    private readonly context: BootContext,
    private readonly hub: EventHub,
    private readonly waiter: ExecutionWaiter,
    private readonly queues: QueueLimiter,
    @Inject(TASK_STORE) private readonly store: TaskStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(SCHEDULER_NAME) readonly name: string,
  ) {
    this.isWanted = options.autoStart;
    edge.join(this);
  }

  async onModuleInit(): Promise<void> {
    if (this.phase === 'created') this.phase = 'booting';
    this.edge.isComplete = true;
    await this.unlessEnding(async () => {
      await this.open();
      // A call from a constructor may have opened it before all providers were created.
      await this.registrar.boot();
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.unlessEnding(async () => {
      await this.catalog.flush();
      await this.registrar.reconcileCrons('all');
      this.liveness.ready = true;
    });
  }

  async begin(): Promise<void> {
    if (this.isEnding) return;
    this.phase = 'ready';
    if (!this.isWanted) return;
    await this.unlessEnding(() => this.start());
    this.context.nextTurn(() => this.warnWithoutHooks());
  }

  async addLate(): Promise<void> {
    // Before its hook: the boot finds what was loaded.
    if (this.phase === 'created' || this.isEnding) return;
    await this.context.run(async () => {
      if (!this.liveness.ready) return this.registrar.boot();
      await this.registrar.bootLate();
      await this.catalog.flush();
      await this.registrar.reconcileCrons('new');
    });
  }

  drain(): Promise<void> {
    return (this.draining ??= this.drainAll());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  close(): Promise<void> {
    return (this.closing ??= this.closeAll());
  }

  /**
   * Starts or resumes claiming and the periodic duties; during the start of the app, as soon as it has started.
   * @throws SchedulerClosedError after the app has begun to close
   */
  async start(): Promise<void> {
    if (this.isEnding) throw new SchedulerClosedError();
    this.isWanted = true;
    if (this.phase === 'booting') return;
    // A start in progress may have been ended by a stop before this call.
    let isStarted: boolean;
    do
      isStarted = await (this.starting ??= this.context
        .run(() => this.startAll())
        .finally(() => (this.starting = null)));
    while (this.isWanted && !(isStarted && (this.options.role === 'producer' || this.worker.isRunning)));
  }

  /**
   * Stops claiming. Scheduling and the periodic duties continue until the app ends.
   * @param wait false aborts runs at once, also those that an earlier stop is waiting for
   */
  async stop(wait: boolean): Promise<void> {
    this.isWanted = false;
    if (!wait) this.worker.hurry();
    this.stopping ??= this.context.run(() => this.worker.stop(wait)).finally(() => (this.stopping = null));
    await this.stopping;
  }

  /**
   * Before a call: opens the store, and registers the declarations of the app, as far as its providers exist.
   * @param taskIds the tasks that the call needs
   */
  async prepare(taskIds: readonly unknown[]): Promise<void> {
    await this.open();
    if (this.registrar.isBooted) return;
    await this.context.run(() => (this.edge.isComplete ? this.registrar.boot() : this.registrar.bootEarly()));
    await this.registrar.whenKnown(taskIds);
  }

  /** Opens the store, once. */
  private open(): Promise<void> {
    if (this.phase === 'closed') return Promise.reject(new SchedulerClosedError());
    return (this.opening ??= this.context.run(() => this.openAll()));
  }

  /** Runs together with the drain at the close: a test kit advances its manual clock here. */
  whileDraining(companion: () => Promise<void>): void {
    this.companions.push(companion);
  }

  /**
   * Records a wait for an execution. Inside a bootstrap hook the wait would never end, unless another process runs the
   * execution.
   */
  noteWait(): void {
    if (this.phase !== 'booting' || this.hasWarned) return;
    this.hasWarned = true;
    const timer = this.clock.setTimer(BOOT_WAIT_WARNING_MS, () => {
      if (this.phase === 'booting')
        this.logger.warn(
          'the app waits for an execution during its start: this process claims nothing before every onModuleInit and onApplicationBootstrap has returned',
        );
    });
    timer.handle?.unref();
  }

  private get isEnding(): boolean {
    return this.phase === 'draining' || this.phase === 'closed';
  }

  /** A close during the start ends the start; this is not a failure. */
  private async unlessEnding(step: () => Promise<void>): Promise<void> {
    if (this.isEnding) return;
    try {
      await step();
    } catch (error) {
      if (!this.isEnding) throw error;
    }
  }

  private async startAll(): Promise<boolean> {
    await this.stopping;
    await this.open();
    await this.catalog.flush();
    if (this.isEnding) throw new SchedulerClosedError();
    if (!this.isWanted) return false;
    this.maintenance.start();
    if (this.options.role !== 'producer') await this.worker.start();
    else this.liveness.state = 'idle';
    return true;
  }

  private async drainAll(): Promise<void> {
    this.phase = 'draining';
    await Promise.all([this.stop(true), ...this.companions.map((companion) => companion())]);
    // No awaited execution can end in this process any more.
    this.liveness.close();
    this.waiter.close();
    await within(this.clock, MAINTENANCE_LIMIT_MS, this.maintenance.stop());
  }

  private async closeAll(): Promise<void> {
    await this.drain();
    this.phase = 'closed';
    this.hub.close();
    await this.store.close();
  }

  private async openAll(): Promise<void> {
    await this.store.open();
    this.hub.listen((effects) => {
      if (effects.some((effect) => effect.kind === 'storeReset')) this.declaring ??= this.declareAgain();
    });
    await this.configureQueues();
  }

  private async configureQueues(): Promise<void> {
    const { appName, queueRules, store } = this.options;
    await this.queues.reconcile(appName, queueRules, store.type !== 'redis');
  }

  /** Declares the app's code again, until the store has received it. Schedules created at run time are lost. */
  private async declareAgain(): Promise<void> {
    this.logger.warn('the store has lost all its data: declaring the tasks and schedules of this app again');
    this.catalog.storeAgain();
    while (!this.isEnding) {
      try {
        await this.catalog.flush();
        await this.configureQueues();
        if (this.liveness.ready) await this.registrar.reconcileCrons('all');
        break;
      } catch (error) {
        if (this.isEnding) break;
        this.logger.error(
          `could not declare the tasks and schedules of this app: ${error instanceof Error ? error.message : String(error)}`,
        );
        await new Promise<void>((resolve) => {
          this.clock.setTimer(DECLARE_AGAIN_MS, resolve).handle?.unref();
        });
      }
    }
    this.declaring = null;
  }

  /** Without the hooks a SIGTERM ends the process in the middle of its runs. */
  private warnWithoutHooks(): void {
    if (this.options.role === 'producer' || process.listenerCount('SIGTERM') > 0) return;
    this.logger.warn('app.enableShutdownHooks() was not called: a SIGTERM will not drain running tasks');
  }
}
