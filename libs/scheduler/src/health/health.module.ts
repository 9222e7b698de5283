import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { SchedulerHealthIndicator } from './scheduler-health.indicator.js';
import { SchedulerHealthMonitor } from './scheduler-health-monitor.js';

/** Health of the scheduler. */
@Module({})
export class HealthModule {
  /** @param imports the module that provides the store and the clock of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    const providers = [SchedulerHealthMonitor, SchedulerHealthIndicator];
    return { module: HealthModule, imports: [...imports, TerminusModule], providers, exports: providers };
  }
}
