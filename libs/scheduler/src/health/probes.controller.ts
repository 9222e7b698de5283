import { Controller, Get, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorFunction,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { SchedulerHealthMonitor } from './scheduler-health-monitor.js';
import { indicate } from './scheduler-health.indicator.js';

/** The Kubernetes probes at the given path. */
export function probesController(path: string): Type {
  @Controller(path)
  class ProbesController {
    private monitors: SchedulerHealthMonitor[] | null = null;

    constructor(
      private readonly discovery: DiscoveryService,
      private readonly checks: HealthCheckService,
      private readonly indicators: HealthIndicatorService,
    ) {}

    /** The process responds. Does not ask the store: a restart would not repair it. */
    @Get('live')
    live(): { status: 'ok' } {
      return { status: 'ok' };
    }

    /** Work and traffic may come here; 503 while draining, before the start, and when unhealthy. */
    @Get('ready')
    ready(): Promise<HealthCheckResult> {
      return this.check((monitor, key) => indicate(monitor, this.indicators, key));
    }

    /** Handlers are found and definitions are stored; 503 until then. */
    @Get('startup')
    startup(): Promise<HealthCheckResult> {
      return this.check((monitor, key): HealthIndicatorResult => {
        const session = this.indicators.check(key);
        return monitor.started ? session.up() : session.down({ problems: ['not started yet'] });
      });
    }

    private check(
      look: (monitor: SchedulerHealthMonitor, key: string) => Promise<HealthIndicatorResult> | HealthIndicatorResult,
    ): Promise<HealthCheckResult> {
      this.monitors ??= this.find();
      const name = (monitor: SchedulerHealthMonitor): string =>
        monitor.scheduler === 'default' ? 'scheduler' : `scheduler:${monitor.scheduler}`;
      return this.checks.check(
        this.monitors.map(
          (monitor): HealthIndicatorFunction =>
            () =>
              look(monitor, name(monitor)),
        ),
      );
    }

    /** The monitors of all schedulers of the app. */
    private find(): SchedulerHealthMonitor[] {
      const instances = this.discovery
        .getProviders()
        .map((wrapper): unknown => (wrapper.isAlias ? null : wrapper.instance));
      return instances.filter(
        (instance): instance is SchedulerHealthMonitor => instance instanceof SchedulerHealthMonitor,
      );
    }
  }
  return ProbesController;
}
