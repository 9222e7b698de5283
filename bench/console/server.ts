import 'reflect-metadata';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AdvancedTaskScheduler,
  NonRetryableError,
  ScheduledTask,
  SchedulerModule,
  type StoreOptions,
  type TaskContext,
} from 'nestjs-advanced-scheduler';
import { SchedulerConsoleModule } from 'nestjs-advanced-scheduler-console';
import { answer, cpuUs } from './child.js';
import { OPERATORS, TASK, VIEWER, type ServerApi } from './protocol.js';

/** The app under load, in a separate process: scheduler, worker and console as users have them, tokens and limits on. */
const CONCURRENCY = 50;
const BATCH = 1000;
/** Every so many fail. */
const FAILING = 50;

let app: INestApplication;
let scheduler: AdvancedTaskScheduler;
let begun = 0;
/** ms that a handler waits, as for a database. */
let work = 1;

@Injectable()
class Handlers {
  @ScheduledTask(TASK)
  async work({ n }: { n: number }, ctx: TaskContext): Promise<{ rows: number }> {
    await pause(work);
    ctx.progress(0.5, 'half of it');
    if (n % FAILING === 0) throw new NonRetryableError('as one of fifty does');
    return { rows: n };
  }
}

async function open(store: StoreOptions): Promise<{ url: string }> {
  @Module({
    imports: [
      SchedulerModule.forRoot({ store, maxConcurrentTasks: CONCURRENCY }),
      SchedulerConsoleModule.forRoot({ auth: { tokens: [VIEWER, ...OPERATORS] } }),
    ],
    providers: [Handlers],
  })
  class ServerModule {}
  app = await NestFactory.create(ServerModule, { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  scheduler = app.get(AdvancedTaskScheduler);
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}` };
}

async function schedule(count: number, pace: number): Promise<{ ids: string[] }> {
  work = (1000 * CONCURRENCY) / pace;
  begun = performance.now();
  const ids: string[] = [];
  for (let n = 1; n <= count; n += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count + 1 - n) }, (_, i) => ({
      taskId: TASK,
      payload: { n: n + i },
    }));
    ids.push(...(await scheduler.scheduleTasks(batch)));
  }
  return { ids };
}

async function settle(): Promise<number> {
  for (;;) {
    const { runningTasks, queueStats, storeReachable } = await scheduler.getHealthStatus();
    if (storeReachable && runningTasks + queueStats.totalQueued === 0) return (performance.now() - begun) / 1000;
    await pause(50);
  }
}

answer<ServerApi>({ open, schedule, settle, cpuUs });
