import { Module, type DynamicModule } from '@nestjs/common';
import { CronScheduler } from './cron-scheduler.js';

/** Schedules as their users handle them. */
@Module({})
export class CronModule {
  /** @param imports the modules that give the store, the clock and the effects of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    return { module: CronModule, imports, providers: [CronScheduler], exports: [CronScheduler] };
  }
}
