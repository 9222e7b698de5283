import type { AdvancedTaskScheduler, HealthStatus } from 'nestjs-advanced-scheduler';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Every instance tells the same of these: aggregate with max, not sum. */
const FLEET = 'Of the whole fleet; the same on every instance.';

/** Counters of the store, by metric and label. */
const COUNTERS = {
  scheduler_executions_scheduled_total: {
    help: `Executions scheduled. ${FLEET}`,
    values: [[{}, 'scheduled']],
  },
  scheduler_executions_total: {
    help: `Executions that ended, by outcome. ${FLEET}`,
    values: [
      [{ outcome: 'completed' }, 'completed'],
      [{ outcome: 'failed' }, 'failed'],
      [{ outcome: 'cancelled' }, 'cancelled'],
      [{ outcome: 'skipped' }, 'skipped'],
    ],
  },
  scheduler_runs_total: {
    help: `Runs begun, and those that ended without an outcome of their execution. ${FLEET}`,
    values: [
      [{ event: 'started' }, 'started'],
      [{ event: 'retried' }, 'retried'],
      [{ event: 'crashed' }, 'crashed'],
      [{ event: 'released' }, 'released'],
      [{ event: 'stale' }, 'stale'],
    ],
  },
  scheduler_lock_requests_total: {
    help: `Requests for locks, by outcome. ${FLEET}`,
    values: [
      [{ outcome: 'acquired' }, 'lockAcquired'],
      [{ outcome: 'timed_out' }, 'lockTimeouts'],
      [{ outcome: 'lost' }, 'locksLost'],
    ],
  },
} as const satisfies Record<
  string,
  { help: string; values: readonly (readonly [Record<string, string>, keyof HealthStatus['metrics']])[] }
>;

/** What the store knows, read once a scrape. */
export class FleetMetrics {
  private readonly counters: [Counter, (typeof COUNTERS)[keyof typeof COUNTERS]['values']][];
  private readonly gauges: Record<keyof typeof GAUGES, Gauge>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.counters = Object.entries(COUNTERS).map(([name, { help, values }]) => {
      const labelNames = Object.keys(values[0][0]);
      return [new Counter({ name, help, labelNames, registers }), values];
    });
    this.gauges = Object.fromEntries(
      Object.entries(GAUGES).map(([key, [name, help, labelNames]]) => [
        key,
        new Gauge({ name, help: `${help} ${FLEET}`, labelNames: [...labelNames], registers }),
      ]),
    ) as Record<keyof typeof GAUGES, Gauge>;
  }

  /** @param status null: the store did not answer; then `scheduler_store_up` says so, and all else stays as it was */
  async collect(scheduler: AdvancedTaskScheduler, status: HealthStatus | null): Promise<void> {
    this.gauges.up.set(status === null ? 0 : 1);
    if (status === null) return;
    for (const [counter] of this.counters) counter.reset();
    for (const [counter, values] of this.counters)
      for (const [labels, key] of values) counter.inc(labels, status.metrics[key]);
    const { queueStats } = status;
    for (const [priority, depth] of Object.entries(queueStats.byPriority)) this.gauges.depth.set({ priority }, depth);
    for (const [priority, age] of Object.entries(queueStats.oldestAgeSeconds)) this.gauges.age.set({ priority }, age);
    this.gauges.waiting.set({ for: 'time' }, queueStats.delayed);
    this.gauges.waiting.set({ for: 'dependencies' }, queueStats.waitingForDependencies);
    this.gauges.waiting.set({ for: 'lock' }, queueStats.waitingForLock);
    this.gauges.paused.set(queueStats.pausedQueues.length);
    this.gauges.running.set(status.runningTasks);
    const [workers, locks] = await Promise.all([scheduler.listWorkers(), scheduler.lockManager.list()]);
    this.gauges.workers.set(workers.length);
    this.gauges.locks.set(locks.filter(({ owner }) => owner !== null).length);
  }
}

const GAUGES = {
  up: ['scheduler_store_up', '1 while the store answers.', []],
  depth: ['scheduler_queue_depth', 'Executions ready to be claimed, by priority.', ['priority']],
  age: [
    'scheduler_queue_oldest_age_seconds',
    'How long the oldest ready execution has been due, by priority.',
    ['priority'],
  ],
  waiting: [
    'scheduler_waiting_executions',
    'Executions that wait for their time, for dependencies or for a lock.',
    ['for'],
  ],
  paused: ['scheduler_paused_queues', 'Queues that are paused.', []],
  running: ['scheduler_running_executions', 'Executions that run.', []],
  workers: ['scheduler_workers', 'Workers with a lease.', []],
  locks: ['scheduler_locks_held', 'Locks that are held.', []],
} as const satisfies Record<string, readonly [name: string, help: string, labels: readonly string[]]>;
