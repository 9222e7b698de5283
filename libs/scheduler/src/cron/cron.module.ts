import { Module, type DynamicModule } from '@nestjs/common';
import { CronScheduler } from './cron-scheduler.js';

/** The API of schedules. */
@Module({})
export class CronModule {
  /** @param imports the modules that provide the store, the clock and the effects of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    return { module: CronModule, imports, providers: [CronScheduler], exports: [CronScheduler] };
  }
}
