import { Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import {
  AdvancedTaskScheduler,
  ScheduledTask,
  SchedulerEvents,
  SchedulerModule,
  type StoreOptions,
} from 'nestjs-advanced-scheduler';

/** A way to add no-ops and run them, 100 at a time. */
export interface Subject {
  /** Adds `count`, and resolves when the last of them has ended. */
  run(count: number): Promise<void>;
  close(): Promise<void>;
}

export const CONCURRENCY = 100;
/** How many are added at once, in bulk. */
export const BATCH = 1000;
export const PAYLOAD = { data: 'x'.repeat(80) };
export const NOOP = 'bench.noop';

@Injectable()
class Handlers {
  @ScheduledTask(NOOP)
  async noop(): Promise<void> {
    // Nothing: what is measured is all around it.
  }
}

/** The scheduler on a store, as an app has it. */
export async function openScheduler(store: StoreOptions, autoStart = true) {
  Logger.overrideLogger(['error', 'warn']);
  @Module({
    imports: [SchedulerModule.forRoot({ store, autoStart, maxConcurrentTasks: CONCURRENCY })],
    providers: [Handlers],
  })
  class BenchModule {}
  const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  return { app, scheduler: app.get(AdvancedTaskScheduler) };
}

/** Adds in batches. */
export async function addInBulk(scheduler: AdvancedTaskScheduler, count: number): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    await scheduler.scheduleTasks(
      Array.from({ length: Math.min(BATCH, count - done) }, () => ({ taskId: NOOP, payload: PAYLOAD })),
    );
  }
}

/** The scheduler: status, history and a listener to every end. */
export async function schedulerOn(store: StoreOptions, add: typeof addInBulk = addInBulk): Promise<Subject> {
  const { app, scheduler } = await openScheduler(store);
  let left = 0;
  let finish: () => void = () => undefined;
  app.get(EventEmitter2).on(SchedulerEvents.EXECUTION_COMPLETED, () => {
    if (--left === 0) finish();
  });
  return {
    run: async (count) => {
      left = count;
      const ended = new Promise<void>((resolve) => (finish = resolve));
      await add(scheduler, count);
      await ended;
    },
    close: () => app.close(),
  };
}
