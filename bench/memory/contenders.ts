import { Injectable, Logger, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import fastq from 'fastq';
import { AdvancedTaskScheduler, ScheduledTask, SchedulerEvents, SchedulerModule } from 'nestjs-advanced-scheduler';
import PQueue from 'p-queue';

/** One way to run `count` no-ops, 100 at a time, all of them queued at once. */
export interface Contender {
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

@Module({ imports: [SchedulerModule.forRoot({ maxConcurrentTasks: CONCURRENCY })], providers: [Handlers] })
class BenchModule {}

/** The scheduler on the memory store: status, history and a listener to every end. */
async function scheduler(
  enqueue: (scheduler: AdvancedTaskScheduler, count: number) => Promise<void>,
): Promise<Contender> {
  Logger.overrideLogger(['error', 'warn']);
  const app: INestApplicationContext = await NestFactory.createApplicationContext(BenchModule, {
    logger: ['error', 'warn'],
  });
  app.enableShutdownHooks();
  const instance = app.get(AdvancedTaskScheduler);
  let left = 0;
  let finish: () => void = () => undefined;
  app.get(EventEmitter2).on(SchedulerEvents.EXECUTION_COMPLETED, () => {
    if (--left === 0) finish();
  });
  return {
    run: async (count) => {
      left = count;
      const ended = new Promise<void>((resolve) => (finish = resolve));
      await enqueue(instance, count);
      await ended;
    },
    close: () => app.close(),
  };
}

async function oneByOne(instance: AdvancedTaskScheduler, count: number): Promise<void> {
  const ids: Promise<string>[] = [];
  for (let i = 0; i < count; i++) ids.push(instance.scheduleTask('bench.noop', { payload: PAYLOAD }));
  await Promise.all(ids);
}

async function inBulk(instance: AdvancedTaskScheduler, count: number): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    await instance.scheduleTasks(
      Array.from({ length: Math.min(BATCH, count - done) }, () => ({ taskId: 'bench.noop', payload: PAYLOAD })),
    );
  }
}

export const CONTENDERS: Record<string, () => Promise<Contender>> = {
  'scheduler, one by one': () => scheduler(oneByOne),
  'scheduler, in bulk': () => scheduler(inBulk),
  'fastq.promise': () => {
    const queue = fastq.promise(async () => undefined, CONCURRENCY);
    return Promise.resolve({
      run: async (count) => {
        const ends: Promise<void>[] = [];
        for (let i = 0; i < count; i++) ends.push(queue.push(PAYLOAD));
        await Promise.all(ends);
      },
      close: () => Promise.resolve(),
    });
  },
  'p-queue': () => {
    const queue = new PQueue({ concurrency: CONCURRENCY });
    return Promise.resolve({
      run: async (count) => {
        const ends: Promise<unknown>[] = [];
        for (let i = 0; i < count; i++) ends.push(queue.add(async () => undefined));
        await Promise.all(ends);
      },
      close: () => Promise.resolve(),
    });
  },
};
