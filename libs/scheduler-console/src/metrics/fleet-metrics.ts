import type { AdvancedTaskScheduler, HealthStatus } from 'nestjs-advanced-scheduler';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Every instance reports the same values: aggregate with max, not sum. */
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
    help: `Started runs, and runs that ended without an outcome of their execution. ${FLEET}`,
    values: [
      [{ event: 'started' }, 'started'],
      [{ event: 'retried' }, 'retried'],
      [{ event: 'crashed' }, 'crashed'],
      [{ event: 'released' }, 'released'],
      [{ event: 'stale' }, 'stale'],
    ],
  },
  scheduler_set_aside_total: {
    help: `Stored records that could not be processed and were set aside. ${FLEET}`,
    values: [[{}, 'setAside']],
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

/** Reads of the store at a scrape. */
const READS = ['status', 'workers'] as const;
type Reading = (typeof READS)[number];
/** Time limit of a read at a scrape, ms. */
const READ_TIMEOUT_MS = 1500;

/**
 * The metrics of the store, read once for each scrape. A failed read removes its metrics, since old values would look
 * current.
 */
export class FleetMetrics {
  private readonly up: Gauge;
  private readonly failing: Gauge;
  private readonly errors: Counter<'reading'>;
  private readonly counters: [Counter, (typeof COUNTERS)[keyof typeof COUNTERS]['values']][];
  private readonly gauges: Record<keyof typeof GAUGES, Gauge>;

  constructor(registry: Registry) {
    const registers = [registry];
    const upHelp = 'Whether the store responds to this instance: 1, otherwise 0.';
    this.up = new Gauge({ name: 'scheduler_store_up', help: upHelp, registers });
    const failingHelp = 'Duties that failed twice in a row, including a refused registration. Of this instance.';
    this.failing = new Gauge({ name: 'scheduler_failing_duties', help: failingHelp, registers });
    this.errors = new Counter({
      name: 'scheduler_scrape_errors_total',
      help: `Reads of the store for a scrape that failed or took over ${READ_TIMEOUT_MS / 1000} s. Of this instance.`,
      labelNames: ['reading'],
      registers,
    });
    for (const reading of READS) this.errors.inc({ reading }, 0);
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

  /** Reads again. Never rejects, and waits at most 1.5 s. */
  async collect(scheduler: AdvancedTaskScheduler): Promise<void> {
    const [status, workers] = await Promise.all([
      this.read('status', async () => {
        const answer = await scheduler.getHealthStatus();
        return answer.storeReachable ? answer : null;
      }),
      this.read('workers', () => scheduler.listWorkers()),
    ]);
    this.forget();
    this.up.set(status === null ? 0 : 1);
    if (status) this.show(status);
    if (workers) this.gauges.workers.set(workers.length);
  }

  /** @returns null if there was no reply */
  private async read<T>(reading: Reading, ask: () => Promise<T | null>): Promise<T | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, READ_TIMEOUT_MS, null)));
    const answer = await Promise.race([ask().catch(() => null), late]);
    clearTimeout(timer);
    if (answer === null) this.errors.inc({ reading });
    return answer;
  }

  private forget(): void {
    for (const [counter, values] of this.counters) forgetSamples(counter, Object.keys(values[0][0]).length > 0);
    for (const [key, gauge] of Object.entries(this.gauges))
      forgetSamples(gauge, GAUGES[key as keyof typeof GAUGES][2].length > 0);
  }

  private show({ metrics, queueStats, runningTasks }: HealthStatus): void {
    for (const [counter, values] of this.counters)
      for (const [labels, key] of values) counter.inc(labels, metrics[key]);
    for (const [priority, depth] of Object.entries(queueStats.byPriority)) this.gauges.depth.set({ priority }, depth);
    for (const [priority, age] of Object.entries(queueStats.oldestAgeSeconds)) this.gauges.age.set({ priority }, age);
    this.gauges.waiting.set({ for: 'time' }, queueStats.delayed);
    this.gauges.waiting.set({ for: 'dependencies' }, queueStats.waitingForDependencies);
    this.gauges.waiting.set({ for: 'lock' }, queueStats.waitingForLock);
    this.gauges.waiting.set({ for: 'handler' }, queueStats.waitingForHandler);
    this.gauges.paused.set(queueStats.pausedQueues.length);
    this.gauges.unserved.set(queueStats.unservedQueues.length);
    this.gauges.unhandled.set(queueStats.unhandledTasks.length);
    this.gauges.running.set(runningTasks);
    this.gauges.locks.set(metrics.locks);
    this.failing.set(metrics.failingDuties);
  }
}

function forgetSamples(metric: Counter | Gauge, isLabelled: boolean): void {
  metric.reset();
  // Without labels, a reset gives 0.
  if (!isLabelled) metric.remove();
}

const GAUGES = {
  depth: ['scheduler_queue_depth', 'Executions ready to be claimed, by priority.', ['priority']],
  age: [
    'scheduler_queue_oldest_age_seconds',
    'How long the oldest ready execution has been due, by priority.',
    ['priority'],
  ],
  waiting: [
    'scheduler_waiting_executions',
    'Waiting executions: for their time, for dependencies or for a lock.',
    ['for'],
  ],
  paused: ['scheduler_paused_queues', 'Queues that are paused.', []],
  unserved: ['scheduler_unserved_queues', 'Queues with ready executions from which no live worker claims.', []],
  unhandled: ['scheduler_unhandled_tasks', 'Tasks with ready executions that no live worker handles.', []],
  running: ['scheduler_running_executions', 'Running executions.', []],
  workers: ['scheduler_workers', 'Workers with a lease.', []],
  locks: ['scheduler_locks_held', 'Locks that are held or waited for.', []],
} as const satisfies Record<string, readonly [name: string, help: string, labels: readonly string[]]>;
