import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { SchedulerHealthMonitor } from './scheduler-health-monitor.js';

/** Indicator for the HealthCheckService of Terminus: up while work may come here, also when degraded. */
@Injectable()
export class SchedulerHealthIndicator {
  constructor(
    private readonly monitor: SchedulerHealthMonitor,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** @param key of the indicator in the result. Default 'scheduler' */
  async isHealthy(key = 'scheduler'): Promise<HealthIndicatorResult> {
    return indicate(this.monitor, this.indicators, key);
  }
}

/** The readiness of one scheduler as Terminus reports it. */
export async function indicate(
  monitor: SchedulerHealthMonitor,
  indicators: HealthIndicatorService,
  key: string,
): Promise<HealthIndicatorResult> {
  const { ready, problems, status } = await monitor.readiness();
  const session = indicators.check(key);
  const data = { scheduler: status, problems };
  return ready ? session.up(data) : session.down(data);
}
