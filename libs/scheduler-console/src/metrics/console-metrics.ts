import { hostname } from 'node:os';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SchedulerEvents, type AdvancedTaskScheduler } from 'nestjs-advanced-scheduler';
import { Counter, Registry } from 'prom-client';
import { SchedulerEventSource } from '../scheduler-events.js';
import { SignIns } from '../security/sign-ins.js';
import { CONSOLE_SCHEDULER } from '../tokens.js';
import { FleetMetrics } from './fleet-metrics.js';
import { ProcessMetrics } from './process-metrics.js';

const HEARD = [
  SchedulerEvents.EXECUTION_SCHEDULED,
  SchedulerEvents.EXECUTION_STARTED,
  SchedulerEvents.EXECUTION_COMPLETED,
  SchedulerEvents.EXECUTION_FAILED,
  SchedulerEvents.EXECUTION_RETRYING,
  SchedulerEvents.EXECUTION_RELEASED,
  SchedulerEvents.EXECUTION_RESCUED,
  SchedulerEvents.EXECUTION_CANCELLED,
  SchedulerEvents.EXECUTION_SKIPPED,
] as const;

/** The metrics of a scheduler, in a separate registry, so they cannot conflict with others of the app. */
@Injectable()
export class ConsoleMetrics implements OnModuleInit, OnModuleDestroy {
  readonly registry = new Registry();
  private readonly fleet = new FleetMetrics(this.registry);
  private readonly process = new ProcessMetrics(this.registry);
  /** Whether a worker is of this process, as far as known. */
  private readonly own = new Map<string, boolean>();
  private stop: (() => void) | undefined;

  constructor(
    @Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler,
    private readonly events: SchedulerEventSource,
    signIns: SignIns,
  ) {
    new Counter({
      name: 'scheduler_failed_sign_ins_total',
      help: 'Unauthenticated calls of the console: over HTTP, and at the live channel. Of this instance.',
      labelNames: ['at'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [at, count] of Object.entries(signIns.failed)) this.inc({ at: at }, count);
      },
    });
  }

  onModuleInit(): void {
    this.stop = this.events.listen(HEARD, (_name, event) =>
      this.process.observe(event, event.workerId !== null && this.isOwn(event.workerId)),
    );
  }

  onModuleDestroy(): void {
    this.stop?.();
    this.process.close();
  }

  /** The text for Prometheus. */
  async text(): Promise<string> {
    await this.fleet.collect(this.scheduler);
    this.process.collect();
    return this.registry.metrics();
  }

  /** A worker is not counted until the store has returned its process; this affects at most the first runs of a new one. */
  private isOwn(workerId: string): boolean {
    const known = this.own.get(workerId);
    if (known !== undefined) return known;
    this.own.set(workerId, false);
    void this.scheduler.listWorkers().then(
      (workers) => {
        for (const each of workers)
          this.own.set(each.workerId, each.pid === process.pid && each.hostname === hostname());
      },
      () => this.own.delete(workerId),
    );
    return false;
  }
}
