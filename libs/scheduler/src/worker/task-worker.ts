import { hostname } from 'node:os';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { CLOCK, type Clock, type ClockTimer } from '../core/clock.js';
import type { Effect } from '../core/effects.js';
import { Liveness } from '../core/liveness.js';
import { EventHub } from '../events/event-hub.js';
import { TASK_STORE, type WorkerStore } from '../store/task-store.js';
import { HandlerRegistry } from '../task/handler-registry.js';
import { TaskCatalog } from '../task/task-catalog.js';
import { Dispatcher } from './dispatcher.js';
import { Executor } from './executor.js';
import { WORKER_SETTINGS, type WorkerSettings } from './worker-settings.js';

/** This process as a worker: joins, beats, hears what concerns its runs, and leaves in order. */
@Injectable()
export class TaskWorker {
  private readonly logger = new Logger('SchedulerWorker');
  private beatTimer: ClockTimer | null = null;
  private stopListening: (() => void) | null = null;
  private stopHandOver: (() => void) | null = null;
  private stopKeepAlive: (() => void) | null = null;

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly executor: Executor,
    private readonly handlers: HandlerRegistry,
    private readonly catalog: TaskCatalog,
    private readonly hub: EventHub,
    private readonly liveness: Liveness,
    @Inject(TASK_STORE) private readonly store: WorkerStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(WORKER_SETTINGS) private readonly settings: WorkerSettings,
  ) {
    this.dispatcher.rejoin = () => this.hello();
    this.catalog.onChange(() => {
      if (this.beatTimer) void this.hello().catch(() => undefined);
    });
  }

  /** Joins and claims. */
  async start(): Promise<void> {
    if (this.beatTimer) return;
    await this.join();
    this.dispatcher.open();
  }

  /** Joins without claiming: what a test drives by hand. */
  async join(): Promise<void> {
    if (this.beatTimer) return;
    this.beatTimer = this.clock.setRepeating(this.settings.beat, () => void this.beat());
    this.stopHandOver = this.store.onHandOver(this.settings.workerId, (claim, age) => this.dispatcher.take(claim, age));
    this.stopListening = this.hub.listen(
      (effects) => this.hear(effects),
      (transition) => transition === 'cancelRequested',
    );
    this.liveness.state = 'running';
    try {
      await this.hello();
    } catch (error) {
      this.hush();
      this.liveness.state = 'stopped';
      throw error;
    }
    this.stopKeepAlive = this.store.keepAlive(this.settings.workerId);
    this.liveness.lastProgress = this.clock.monotonic();
  }

  /** Claims while `settled` goes on, for a test that drives the worker by hand. */
  async claimWhile(settled: () => Promise<void>): Promise<void> {
    this.dispatcher.open();
    try {
      await settled();
    } finally {
      this.dispatcher.close();
    }
  }

  /**
   * Ends claiming at once, lets runs end within the drain time, aborts the rest, and gives back what does not heed.
   * Beats go on until the last run is settled, so that nothing is taken for lost meanwhile.
   * @param wait false: aborts at once
   */
  async stop(wait: boolean): Promise<void> {
    if (!this.beatTimer) return;
    this.liveness.state = 'draining';
    this.dispatcher.close();
    // Beside it, since a store that does not answer takes its time to say so.
    const told = this.store.drain(this.settings.workerId).then(
      () => true,
      () => false,
    );
    if (wait) await this.within(this.settings.drain);
    if (this.executor.inUse > 0) {
      this.executor.abortAll();
      await this.within(this.settings.drainGrace);
    }
    const heard = await this.dispatcher.flush(this.executor.releaseAll());
    this.hush();
    await this.leave(heard && (await told));
    this.liveness.state = 'stopped';
  }

  /** Says goodbye to a store that has heard the rest: to another one it would be said in vain. */
  private async leave(heard: boolean): Promise<void> {
    const why = (error: unknown): string => (error instanceof Error ? error.message : String(error));
    const silent = heard
      ? await this.store.goodbye(this.settings.workerId).then(() => null, why)
      : 'the store does not answer';
    if (silent !== null) this.logger.warn(`left without a word, so that leases bring back what ran here: ${silent}`);
  }

  /** Neither beats nor hears any more. */
  private hush(): void {
    this.beatTimer?.cancel();
    this.beatTimer = null;
    this.stopListening?.();
    this.stopHandOver?.();
    this.stopKeepAlive?.();
  }

  private async hello(): Promise<void> {
    const runnable = [...this.catalog.all.values()].filter((task) => this.handlers.has(task.funcPath));
    const named = this.settings.queues?.keys() ?? new Set(['default', ...runnable.map((task) => task.queue)]);
    await this.catalog.flush();
    await this.store.hello({
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

  private async beat(): Promise<void> {
    try {
      const reply = await this.store.beat(this.settings.workerId, this.dispatcher.tokens());
      this.liveness.lastProgress = this.clock.monotonic();
      for (const run of reply.lost) this.dispatcher.lose(run.executionId, 'LEASE_LOST');
      for (const run of reply.cancelRequested) this.dispatcher.cancel(run.executionId);
      if (!reply.known) {
        await this.hello();
        this.dispatcher.wake();
      }
    } catch (error) {
      this.logger.warn(`a beat was not heard: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private hear(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'ready' || effect.kind === 'more' || effect.kind === 'gap') this.dispatcher.wake();
      else if (effect.kind === 'queue' && effect.transition === 'paused')
        this.dispatcher.pause(effect.queue, effect.time);
      else if (effect.kind === 'queue' && effect.transition === 'resumed') this.dispatcher.resume(effect.queue);
      else if (effect.kind === 'execution' && effect.transition === 'cancelRequested')
        this.dispatcher.cancel(effect.executionId);
      else if (effect.kind === 'lock' && effect.transition === 'lost') this.dispatcher.lose(effect.owner, 'LOCK_LOST');
    }
  }

  /** Waits until nothing runs here, at most so long. */
  private async within(ms: number): Promise<void> {
    let timer: ClockTimer | undefined;
    const late = new Promise<void>((resolve) => (timer = this.clock.setTimer(ms, resolve)));
    await Promise.race([this.dispatcher.idle(), late]);
    timer?.cancel();
  }
}
