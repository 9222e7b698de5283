import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import type { ExecutionEvent } from 'nestjs-advanced-scheduler';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const OWN = 'Of the workers of this instance; sum over instances.';
const OBSERVED = 'Of the whole fleet, as observed by this instance since its start; aggregate with max.';
/** Number of tasks with a separate label; others share `other`. */
const MOST_TASKS = 200;
/** Number of executions tracked from scheduling to their end; older ones are dropped. */
const MOST_FOLLOWED = 50_000;
const WAIT_BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 3600];
const RUN_BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 3600];
const NANOSECONDS = 1e9;

/** How long executions waited and ran, by task, as observed by this process; and the delay of its event loop. */
export class ProcessMetrics {
  private readonly wait: Histogram;
  private readonly run: Histogram;
  private readonly skips: Counter;
  private readonly lag: Gauge;
  private readonly loop: IntervalHistogram;
  private readonly tasks = new Set<string>();
  private readonly scheduledAt = new Map<string, number>();
  private readonly startedAt = new Map<string, number>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.wait = new Histogram({
      name: 'scheduler_execution_wait_seconds',
      help: `From scheduling to the first start, including delays. ${OWN}`,
      labelNames: ['task'],
      buckets: WAIT_BUCKETS,
      registers,
    });
    this.run = new Histogram({
      name: 'scheduler_execution_run_seconds',
      help: `From the start of a run to its end, by how it ended. ${OWN}`,
      labelNames: ['task', 'outcome'],
      buckets: RUN_BUCKETS,
      registers,
    });
    this.skips = new Counter({
      name: 'scheduler_skips_total',
      help: `Executions skipped, by reason. ${OBSERVED}`,
      labelNames: ['reason'],
      registers,
    });
    this.lag = new Gauge({
      name: 'scheduler_event_loop_lag_seconds',
      help: 'Delay of the event loop since the last scrape. Of this instance.',
      labelNames: ['at'],
      registers,
    });
    this.loop = monitorEventLoopDelay({ resolution: 20 });
    this.loop.enable();
  }

  /** @param own whether it is of a worker of this process */
  observe(event: ExecutionEvent, own: boolean): void {
    const { executionId, taskId, transition } = event;
    const time = Date.parse(event.time);
    switch (transition) {
      case 'scheduled':
        return remember(this.scheduledAt, executionId, time);
      case 'started': {
        const scheduled = take(this.scheduledAt, executionId);
        if (!own) return;
        if (scheduled !== undefined) this.wait.observe({ task: this.label(taskId) }, seconds(time - scheduled));
        return remember(this.startedAt, executionId, time);
      }
      case 'skipped':
        this.skips.inc({ reason: event.reason ?? 'none' });
        this.scheduledAt.delete(executionId);
        return;
      case 'completed':
      case 'failed':
      case 'retrying':
      case 'released':
      case 'rescued':
      case 'cancelled': {
        this.scheduledAt.delete(executionId);
        const started = take(this.startedAt, executionId);
        if (started !== undefined)
          this.run.observe({ task: this.label(taskId), outcome: transition }, seconds(time - started));
      }
    }
  }

  collect(): void {
    for (const [at, percentile] of [
      ['median', 50],
      ['p99', 99],
      ['max', 100],
    ] as const) {
      const nanoseconds = this.loop.percentile(percentile);
      this.lag.set({ at }, nanoseconds / NANOSECONDS);
    }
    this.loop.reset();
  }

  close(): void {
    this.loop.disable();
  }

  private label(taskId: string): string {
    if (this.tasks.has(taskId)) return taskId;
    if (this.tasks.size >= MOST_TASKS) return 'other';
    this.tasks.add(taskId);
    return taskId;
  }
}

function remember(times: Map<string, number>, executionId: string, time: number): void {
  times.set(executionId, time);
  if (times.size > MOST_FOLLOWED) times.delete(times.keys().next().value!);
}

function take(times: Map<string, number>, executionId: string): number | undefined {
  const time = times.get(executionId);
  times.delete(executionId);
  return time;
}

/** The difference of two clocks may be slightly negative. */
function seconds(ms: number): number {
  return Math.max(0, ms) / 1000;
}
