import { Inject, Injectable } from '@nestjs/common';
import type { ExecutionEvent, SchedulerEventMap, SchedulerEventName } from 'nestjs-advanced-scheduler';
import { Counter, Histogram } from 'prom-client';
import { OnEvents, type EventListener } from '../on-events.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { CONSOLE_OPTIONS } from '../tokens.js';
import { BoundedLabels, BoundedTimes } from './bounded.js';
import { MetricsRegistry } from './metrics-registry.js';

const HEARD = 'Of the whole fleet, as heard by this process since it started: take max over instances, never sum.';
const MAX_TASKS = 200;
const MAX_UNDER_WAY = 50_000;
/** Seconds. */
const WAIT_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200];
const RUN_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/** What is counted as it happens: by task and reason, which the store does not count. */
@Injectable()
@OnEvents([
  'scheduler.execution.scheduled',
  'scheduler.execution.started',
  'scheduler.execution.completed',
  'scheduler.execution.failed',
  'scheduler.execution.retrying',
  'scheduler.execution.released',
  'scheduler.execution.rescued',
  'scheduler.execution.cancelled',
  'scheduler.execution.skipped',
  'scheduler.execution.reopened',
])
export class EventMetrics implements EventListener {
  private readonly tasks = new BoundedLabels(MAX_TASKS);
  private readonly accepted = new BoundedTimes(MAX_UNDER_WAY);
  private readonly started = new BoundedTimes(MAX_UNDER_WAY);
  private readonly scheduler: string;
  private readonly executions: Counter<'task' | 'outcome'>;
  private readonly retries: Counter<'task'>;
  private readonly skips: Counter<'reason'>;
  private readonly wait: Histogram<'task'>;
  private readonly run: Histogram<'task'>;

  constructor(@Inject(CONSOLE_OPTIONS) { scheduler }: ResolvedConsoleOptions, registry: MetricsRegistry) {
    this.scheduler = scheduler || 'default';
    const registers = [registry];
    this.executions = new Counter({
      name: 'scheduler_executions_total',
      help: `Executions that ended, by task and outcome. ${HEARD}`,
      labelNames: ['task', 'outcome'],
      registers,
    });
    this.retries = new Counter({
      name: 'scheduler_retries_total',
      help: `Failed attempts after which another one follows, by task. ${HEARD}`,
      labelNames: ['task'],
      registers,
    });
    this.skips = new Counter({
      name: 'scheduler_skips_total',
      help: `Executions that will not run, by reason. ${HEARD}`,
      labelNames: ['reason'],
      registers,
    });
    this.wait = new Histogram({
      name: 'scheduler_execution_wait_seconds',
      help: `From being accepted to the first start, a wanted delay included, by task. ${HEARD}`,
      labelNames: ['task'],
      buckets: WAIT_BUCKETS,
      registers,
    });
    this.run = new Histogram({
      name: 'scheduler_execution_run_seconds',
      help: `From the start of an attempt to its end, by task. ${HEARD}`,
      labelNames: ['task'],
      buckets: RUN_BUCKETS,
      registers,
    });
  }

  onEvent(_name: SchedulerEventName, event: SchedulerEventMap[SchedulerEventName]): void {
    if (event.scheduler === this.scheduler) this.count(event as ExecutionEvent);
  }

  private count({ transition, executionId, taskId, time, reason }: ExecutionEvent): void {
    const task = this.tasks.of(taskId);
    const now = Date.parse(time);
    switch (transition) {
      case 'scheduled':
      case 'reopened':
        this.accepted.begin(executionId, now);
        break;
      case 'started':
        this.observe(this.wait, task, this.accepted.end(executionId, now));
        this.started.begin(executionId, now);
        break;
      case 'released':
      case 'rescued':
        this.started.forget(executionId);
        break;
      case 'retrying':
        this.retries.inc({ task });
        this.observe(this.run, task, this.started.end(executionId, now));
        break;
      case 'completed':
      case 'failed':
      case 'cancelled':
      case 'skipped':
        this.executions.inc({ task, outcome: transition });
        if (transition === 'skipped') this.skips.inc({ reason: reason ?? 'NONE' });
        this.accepted.forget(executionId);
        this.observe(this.run, task, this.started.end(executionId, now));
    }
  }

  private observe(histogram: Histogram<'task'>, task: string, ms: number | null): void {
    if (ms !== null) histogram.observe({ task }, ms / 1000);
  }
}
