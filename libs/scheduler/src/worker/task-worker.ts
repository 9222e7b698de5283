import { hostname } from 'node:os';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { CLOCK, type Clock, type ClockTimer } from '../core/clock.js';
import type { RunToken } from '../core/commands.js';
import type { Effect } from '../core/effects.js';
import { SchedulerClosedError } from '../core/errors.js';
import { Liveness, REGISTRATION } from '../core/liveness.js';
import type { ResolvedTask } from '../core/task-definition.js';
import { within } from '../core/within.js';
import { EventHub } from '../events/event-hub.js';
import { ExecutionWaiter } from '../events/execution-waiter.js';
import type { Claim } from '../store/records.js';
import { TASK_STORE, type ExecutionStore, type WorkerStore } from '../store/task-store.js';
import { HandlerRegistry } from '../task/handler-registry.js';
import { TaskCatalog } from '../task/task-catalog.js';
import { Dispatcher } from './dispatcher.js';
import { Executor } from './executor.js';
import { LeaseWatch } from './lease-watch.js';
import { SlotWatch } from './slot-watch.js';
import { WORKER_SETTINGS, type WorkerSettings } from './worker-settings.js';

/**
 * Time for the last calls to the store at a stop: with unreported results, or only to deregister. Leases recover what
 * is not reported by then. With the drain (25 s) and its grace period (2 s) a stop ends within 40 s.
 */
const RESULTS_LIMIT_MS = 8_000;
const DEREGISTER_LIMIT_MS = 2_000;

/** This process as a worker: registers, sends heartbeats, receives messages about its runs, and deregisters. */
@Injectable()
export class TaskWorker {
  private readonly logger = new Logger('SchedulerWorker');
  private heartbeatTimer: ClockTimer | null = null;
  private stopListening: (() => void) | null = null;
  private stopHandOver: (() => void) | null = null;
  private stopKeepAlive: (() => void) | null = null;
  private readonly leaseWatch: LeaseWatch;
  private readonly slotWatch: SlotWatch;
  private endDrain: (() => void) | null = null;

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly executor: Executor,
    private readonly handlers: HandlerRegistry,
    private readonly catalog: TaskCatalog,
    private readonly hub: EventHub,
    private readonly liveness: Liveness,
    waiter: ExecutionWaiter,
    @Inject(TASK_STORE) private readonly store: WorkerStore & ExecutionStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(WORKER_SETTINGS) private readonly settings: WorkerSettings,
  ) {
    const { lease, workerId } = settings;
    this.leaseWatch = new LeaseWatch(
      clock,
      lease,
      () => store.leaseAge(workerId),
      () => this.onLeaseExpired(),
    );
    this.slotWatch = new SlotWatch(workerId, executor, () => waiter.waits, store, clock);
    this.dispatcher.register = () => this.register();
    this.catalog.onChange(() => {
      if (this.heartbeatTimer) void this.register().catch(() => undefined);
    });
  }

  /** Registers and claims. */
  async start(): Promise<void> {
    if (this.heartbeatTimer) return;
    await this.join();
    // A stop may have been requested meanwhile.
    if (this.isRunning) this.dispatcher.open();
  }

  /** Whether it has joined, and no stop was requested since. */
  get isRunning(): boolean {
    return this.heartbeatTimer !== null && this.liveness.state === 'running';
  }

  /** Registers without claiming, for tests that control the worker. */
  async join(): Promise<void> {
    if (this.heartbeatTimer) return;
    const timer = (this.heartbeatTimer = this.clock.setRepeating(this.settings.heartbeat, () => void this.heartbeat()));
    this.stopHandOver = this.store.onDispatch(this.settings.workerId, (claim, age) => this.dispatcher.take(claim, age));
    this.stopListening = this.hub.listen(
      (effects) => this.receive(effects),
      (transition) => transition === 'cancelRequested',
    );
    this.liveness.state = 'running';
    try {
      await this.register();
    } catch (error) {
      if (this.heartbeatTimer !== timer) return;
      this.detach();
      this.liveness.state = 'stopped';
      throw error;
    }
    if (this.heartbeatTimer !== timer) return;
    this.stopKeepAlive = this.store.keepAlive(this.settings.workerId);
    // Only another process could declare a run lost while this event loop is blocked.
    if (this.store.isShared) this.leaseWatch.start();
    this.liveness.lastProgress = this.clock.monotonic();
  }

  /** Claims until `settled` resolves, for tests that control the worker. */
  async claimWhile(settled: () => Promise<void>): Promise<void> {
    this.dispatcher.open();
    try {
      await settled();
    } finally {
      this.dispatcher.close();
    }
  }

  /**
   * Stops claiming at once, lets runs end within the drain time, aborts the rest, and returns runs whose handler
   * ignores that. Heartbeats continue until the last run is settled, so no run is considered lost meanwhile.
   * @param wait false: aborts at once
   */
  async stop(wait: boolean): Promise<void> {
    if (!this.heartbeatTimer) return;
    this.liveness.state = 'draining';
    this.dispatcher.close();
    // Not awaited here: a store that does not respond must not delay the drain.
    const draining = this.store.drain(this.settings.workerId).then(
      () => true,
      () => false,
    );
    const hurried = new Promise<void>((resolve) => (this.endDrain = resolve));
    if (wait) await within(this.clock, this.settings.drain, Promise.race([this.dispatcher.quiet(), hurried]));
    this.endDrain = null;
    if (this.executor.inUse > 0) {
      this.executor.abortAll();
      await within(this.clock, this.settings.drainGrace, this.dispatcher.quiet());
    }
    await this.leave(draining);
    this.liveness.state = 'stopped';
  }

  /** Aborts the runs that a stop in progress is waiting for. */
  hurry(): void {
    this.endDrain?.();
  }

  /** Reports the last results to the store and deregisters, within one time limit. */
  private async leave(draining: Promise<boolean>): Promise<void> {
    const released = this.executor.releaseAll();
    const isOwing = released.length > 0 || this.dispatcher.hasUnreported;
    const until = this.clock.monotonic() + (isOwing ? RESULTS_LIMIT_MS : DEREGISTER_LIMIT_MS);
    const inTime = async (step: Promise<boolean>): Promise<boolean> =>
      (await within(this.clock, Math.max(0, until - this.clock.monotonic()), step)) ?? false;
    const flushed = await inTime(this.dispatcher.flush(released));
    if (!flushed) this.dispatcher.abandon();
    const isDrained = flushed && (await inTime(draining));
    this.detach();
    // Pointless if the store has not received the results.
    const isGone = isDrained && (await inTime(this.store.deregister(this.settings.workerId).then(() => true)));
    if (!isGone)
      this.logger.warn(
        'could not deregister, the store does not respond: its runs will be recovered when the lease expires',
      );
  }

  /** Stops heartbeats and messages. */
  private detach(): void {
    this.heartbeatTimer?.cancel();
    this.heartbeatTimer = null;
    this.leaseWatch.stop();
    this.stopListening?.();
    this.stopHandOver?.();
    this.stopKeepAlive?.();
  }

  private async register(): Promise<void> {
    const runnable = [...this.catalog.all.values()].filter((task) => this.handlers.has(task.funcPath));
    const named = this.settings.queues?.keys() ?? new Set(['default', ...runnable.map((task) => task.queue)]);
    await this.catalog.flush();
    // It may have left meanwhile.
    if (!this.heartbeatTimer) return;
    try {
      await this.sendRegistration(runnable, named);
      this.liveness.succeeded(REGISTRATION);
    } catch (error) {
      this.liveness.failed(REGISTRATION, error);
      throw error;
    }
  }

  private async sendRegistration(runnable: readonly ResolvedTask[], named: Iterable<string>): Promise<void> {
    await this.store.register({
      workerId: this.settings.workerId,
      hostname: hostname(),
      pid: process.pid,
      appName: this.settings.appName,
      version: this.settings.version,
      tasks: runnable.map((task) => task.taskId),
      queues: [...named],
      maxConcurrentTasks: this.settings.maxConcurrentTasks,
    });
  }

  private async heartbeat(): Promise<void> {
    try {
      const reply = await this.store.heartbeat(this.settings.workerId, this.dispatcher.tokens());
      this.liveness.lastProgress = this.clock.monotonic();
      for (const run of reply.lost) this.dispatcher.lose(run.executionId, 'LEASE_LOST', isRun(run));
      for (const run of reply.cancelRequested) this.dispatcher.cancel(run.executionId, isRun(run));
      if (!reply.known) {
        await this.register();
        this.dispatcher.wake();
      }
      void this.watchSlots().catch(() => undefined);
    } catch (error) {
      if (error instanceof SchedulerClosedError) return;
      this.logger.warn(`heartbeat failed: ${error instanceof Error ? error.message : String(error)}${this.expiry()}`);
    }
  }

  /** When other processes may take over the runs, for a log line; empty if there are none. */
  private expiry(): string {
    if (!this.store.isShared) return '';
    const left = this.settings.lease - this.store.leaseAge(this.settings.workerId);
    return left > 0 ? ` (lease expires in ${Math.ceil(left / 1000)} s)` : ' (lease has expired)';
  }

  private async watchSlots(): Promise<void> {
    const starved = await this.slotWatch.check();
    if (starved !== null && this.liveness.starved === null) this.logger.error(starved);
    this.liveness.starved = starved;
  }

  /** The lease has expired by this process's clock: others may run what runs here. */
  private onLeaseExpired(): void {
    const count = this.executor.abortAllAsLost();
    if (count > 0)
      this.logger.error(
        `no heartbeat was acknowledged for a whole lease (${this.settings.lease} ms): ${count} runs are aborted (LEASE_LOST), another worker may run them`,
      );
  }

  private receive(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'ready' || effect.kind === 'workRemains' || effect.kind === 'missed') this.dispatcher.wake();
      else if (effect.kind === 'queue' && effect.transition === 'paused')
        this.dispatcher.pause(effect.queue, effect.time);
      else if (effect.kind === 'queue' && effect.transition === 'resumed') this.dispatcher.resume(effect.queue);
      else if (effect.kind === 'execution' && effect.transition === 'cancelRequested')
        this.dispatcher.cancel(effect.executionId, () => true);
      else if (effect.kind === 'lock' && effect.transition === 'lost')
        this.dispatcher.lose(effect.owner, 'LOCK_LOST', (claim) => claim.fencingToken === effect.fencingToken);
    }
  }
}

function isRun({ leaseToken }: RunToken): (claim: Claim) => boolean {
  return (claim) => claim.leaseToken === leaseToken;
}
