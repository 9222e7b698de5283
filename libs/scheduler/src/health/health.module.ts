import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { SchedulerHealthIndicator } from './scheduler-health.indicator.js';
import { SchedulerHealthMonitor } from './scheduler-health-monitor.js';

/** How the scheduler is. */
@Module({})
export class HealthModule {
  /** @param imports the module that gives the store and the clock of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    const providers = [SchedulerHealthMonitor, SchedulerHealthIndicator];
    return { module: HealthModule, imports: [...imports, TerminusModule], providers, exports: providers };
  }
}
