import { Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { Queue, Worker } from 'bullmq';
import {
  AdvancedTaskScheduler,
  ScheduledTask,
  SchedulerEvents,
  SchedulerModule,
  type StoreOptions,
} from 'nestjs-advanced-scheduler';

/** A way to add no-ops and run them, 100 at a time, each durable before it counts. */
export interface Contender {
  /** Adds `count`, and resolves when the last of them has ended. */
  run(count: number): Promise<void>;
  close(): Promise<void>;
}

const CONCURRENCY = 100;
const BATCH = 1000;
const PAYLOAD = { data: 'x'.repeat(80) };

@Injectable()
class Handlers {
  @ScheduledTask('bench.noop')
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
export async function add(scheduler: AdvancedTaskScheduler, count: number): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - done) }, () => ({
      taskId: 'bench.noop',
      payload: PAYLOAD,
    }));
    await scheduler.scheduleTasks(batch);
  }
}

export async function ours(store: StoreOptions): Promise<Contender> {
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

/** BullMQ with its own defaults, on a Redis that syncs each write. */
export async function bullmq(port: number): Promise<Contender> {
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection });
  let left = 0;
  let finish: () => void = () => undefined;
  const worker = new Worker('bench', async () => undefined, { connection, concurrency: CONCURRENCY });
  worker.on('completed', () => {
    if (--left === 0) finish();
  });
  await worker.waitUntilReady();
  return {
    run: async (count) => {
      left = count;
      const ended = new Promise<void>((resolve) => (finish = resolve));
      for (let done = 0; done < count; done += BATCH) {
        const size = Math.min(BATCH, count - done);
        const opts = { removeOnComplete: { count: 1000 } };
        await queue.addBulk(Array.from({ length: size }, () => ({ name: 'noop', data: PAYLOAD, opts })));
      }
      await ended;
    },
    close: async () => {
      await worker.close();
      await queue.close();
    },
  };
}
