import { Module } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';

const APP_REGISTRY = Symbol('the SchedulerRegistry of the app, or null');

/** Sees the SchedulerRegistry of the app's own ScheduleModule, which is global; not ours, which is not. */
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
 * The SchedulerRegistry in which our timers stand: the app's own if it imports ScheduleModule, else one of ours,
 * found by `app.get(SchedulerRegistry)`. ScheduleModule itself is not imported, since a second one would start every
 * @Cron of the app twice.
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
