import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { AdvancedTaskScheduler, HealthStatus, WorkerInfo } from 'nestjs-advanced-scheduler';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge } from 'prom-client';
import { CONSOLE_SCHEDULER } from '../tokens.js';
import { MetricsRegistry } from './metrics-registry.js';

const FLEET = 'Of the whole fleet, read from the store: take max over instances, never sum.';
const OWN = 'Of this process.';
/** What a scrape waits for the store, ms. */
const DEADLINE_MS = 1500;
const EVENT_LOOP_RESOLUTION_MS = 20;
const NS_PER_SECOND = 1e9;

/** What is read when Prometheus asks. Where the store does not answer, its figures are left out, not shown as zero. */
@Injectable()
export class StateMetrics implements OnModuleDestroy {
  private readonly loop = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS });
  private readonly fleet: { gauges: Gauge[]; counters: Counter[] } = { gauges: [], counters: [] };
  private refreshing: Promise<void> | null = null;

  private readonly up: Gauge;
  private readonly lag: Gauge;
  private readonly slots: Gauge;
  private readonly stuck: Gauge;
  private readonly depth: Gauge;
  private readonly age: Gauge;
  private readonly waiting: Gauge;
  private readonly paused: Gauge;
  private readonly running: Gauge;
  private readonly workers: Gauge;
  private readonly success: Gauge;
  private readonly totals: Counter;
  private readonly granted: Counter;
  private readonly lost: Counter;
  private readonly contended: Counter;
  private readonly crashes: Counter;

  constructor(
    @Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler,
    private readonly registry: MetricsRegistry,
  ) {
    this.up = this.own('store_up', '1: the store answers this process within 1.5 s; 0: it does not.');
    this.lag = this.own('event_loop_lag_seconds', 'Delay of the event loop since the last scrape.', 'quantile');
    this.slots = this.own('concurrency_limit', 'Handlers that may run at a time.');
    this.stuck = this.own('stuck_tasks', 'Runs whose handler ignores its signal.');
    this.depth = this.gauge('queue_depth', 'Executions ready to be claimed, by priority.', 'priority');
    this.age = this.gauge('queue_oldest_age_seconds', 'How long the oldest ready one is due, by priority.', 'priority');
    this.waiting = this.gauge('executions_waiting', 'Executions that wait for time, dependencies or a lock.', 'for');
    this.paused = this.gauge('queues_paused', 'Queues that nothing is claimed from.');
    this.running = this.gauge('executions_running', 'Executions under way.');
    this.workers = this.gauge('workers', 'Workers, by state.', 'state');
    this.success = this.gauge('success_ratio', 'Completed of those that ended in the window of the health check.');
    this.totals = this.counter('store_executions_total', 'Ended since the store began, by outcome.', 'outcome');
    this.granted = this.counter('locks_granted_total', 'Locks granted since the store began.');
    this.lost = this.counter('locks_lost_total', 'Locks that expired or were taken away since the store began.');
    this.contended = this.counter('locks_contended_total', 'Lock waits that timed out since the store began.');
    this.crashes = this.counter('runs_crashed_total', 'Runs lost with their worker since the store began.');
    this.loop.enable();
  }

  onModuleDestroy(): void {
    this.loop.disable();
  }

  /** Reads anew. Never rejects, and is over after 1.5 s; those who ask meanwhile share the answer. */
  refresh(): Promise<void> {
    return (this.refreshing ??= this.read().finally(() => (this.refreshing = null)));
  }

  private async read(): Promise<void> {
    const own: [string, number][] = [
      ['0.5', this.loop.percentile(50)],
      ['0.99', this.loop.percentile(99)],
      ['1', this.loop.max],
    ];
    for (const [quantile, ns] of own)
      this.lag.set({ quantile }, Math.max(0, ns / NS_PER_SECOND - EVENT_LOOP_RESOLUTION_MS / 1000));
    this.loop.reset();
    for (const metric of [...this.fleet.gauges, ...this.fleet.counters]) {
      metric.reset();
      // Without labels, a reset is a zero.
      metric.remove();
    }
    const found = await withDeadline(Promise.all([this.scheduler.getHealthStatus(), this.scheduler.listWorkers()]));
    this.up.set(found ? 1 : 0);
    if (found) this.show(...found);
  }

  private show({ queueStats, metrics, ...health }: HealthStatus, workers: readonly WorkerInfo[]): void {
    this.slots.set(health.maxConcurrentTasks);
    this.stuck.set(metrics.stuckTasks);
    for (const [priority, size] of Object.entries(queueStats.byPriority)) this.depth.set({ priority }, size);
    for (const [priority, age] of Object.entries(queueStats.oldestAgeSeconds)) this.age.set({ priority }, age);
    this.waiting.set({ for: 'time' }, queueStats.delayed);
    this.waiting.set({ for: 'dependencies' }, queueStats.waitingForDependencies);
    this.waiting.set({ for: 'lock' }, queueStats.waitingForLock);
    this.paused.set(queueStats.pausedQueues.length);
    this.running.set(health.runningTasks);
    for (const state of ['active', 'draining'] as const)
      this.workers.set({ state }, workers.filter((worker) => worker.state === state).length);
    this.success.set(health.successRate / 100);
    for (const outcome of ['completed', 'failed', 'cancelled', 'skipped'] as const)
      this.totals.inc({ outcome }, metrics[outcome]);
    this.granted.inc(metrics.lockAcquired);
    this.lost.inc(metrics.locksLost);
    this.contended.inc(metrics.lockTimeouts);
    this.crashes.inc(metrics.crashed);
  }

  private own(name: string, about: string, ...labelNames: string[]): Gauge {
    return new Gauge({ name: `scheduler_${name}`, help: `${about} ${OWN}`, labelNames, registers: [this.registry] });
  }

  private gauge(name: string, about: string, ...labelNames: string[]): Gauge {
    const help = `${about} ${FLEET}`;
    const gauge = new Gauge({ name: `scheduler_${name}`, help, labelNames, registers: [this.registry] });
    this.fleet.gauges.push(gauge);
    return gauge;
  }

  private counter(name: string, about: string, ...labelNames: string[]): Counter {
    const help = `${about} ${FLEET}`;
    const counter = new Counter({ name: `scheduler_${name}`, help, labelNames, registers: [this.registry] });
    this.fleet.counters.push(counter);
    return counter;
  }
}

/** null: it failed, or came too late. */
async function withDeadline<T>(promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, DEADLINE_MS, null)));
  try {
    return await Promise.race([promise.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}
