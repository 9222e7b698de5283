import { Module } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';

const APP_REGISTRY = Symbol('the SchedulerRegistry of the app, or null');

/** Finds the SchedulerRegistry of the app's ScheduleModule, which is global, in contrast to ours. */
@Module({
  providers: [
    {
      provide: APP_REGISTRY,
      useFactory: (registry?: SchedulerRegistry) => registry ?? null,
      inject: [{ token: SchedulerRegistry, optional: true }],
    },
  ],
  exports: [APP_REGISTRY],
})
class AppRegistryModule {}

/**
 * The SchedulerRegistry for our timers: the app's, if it imports ScheduleModule, otherwise one of ours, available by
 * `app.get(SchedulerRegistry)`. ScheduleModule is not imported: a second one would start every @Cron of the app twice.
 */
@Module({
  imports: [AppRegistryModule],
  providers: [
    {
      provide: SchedulerRegistry,
      useFactory: (app: SchedulerRegistry | null) => app ?? new SchedulerRegistry(),
      inject: [APP_REGISTRY],
    },
  ],
  exports: [SchedulerRegistry],
})
export class TimerRegistryModule {}
