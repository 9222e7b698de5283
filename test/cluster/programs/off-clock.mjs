/**
 * A process whose clock is off, for off-clock.spec.ts. argv: the built library's index.js, the port of Redis, a namespace. Says
 * by IPC what it saw, by the server's clock.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';

const [index, port, namespace] = process.argv.slice(2);
const { AdvancedTaskScheduler, ScheduledTask, SchedulerModule } = await import(index);
const redis = new Redis(Number(port));
const serverTime = async () => {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
};

const ticks = { declared: [], put: [], resumed: [] };
let awaited = () => undefined;
async function tick(name, ctx) {
  ticks[name].push({ due: ctx.scheduledTime.getTime(), at: await serverTime() });
  awaited();
}
/** Until each schedule has ticked twice. */
const ticked = () =>
  new Promise((resolve) => {
    awaited = () => Object.values(ticks).every((seen) => seen.length >= 2) && resolve();
    awaited();
  });

class Work {
  declared(_payload, ctx) {
    return tick('declared', ctx);
  }
  put(_payload, ctx) {
    return tick('put', ctx);
  }
  resumed(_payload, ctx) {
    return tick('resumed', ctx);
  }
  now() {
    return serverTime();
  }
  async failing(_payload, ctx) {
    if (ctx.attempt === 1) throw new Error('again');
    return serverTime();
  }
}
const options = {
  declared: { cron: '*/2 * * * * *' },
  failing: { retryConfig: { strategy: 'FIXED', maxAttempts: 2, initialDelay: '300ms', jitter: false } },
};
for (const name of ['declared', 'put', 'resumed', 'now', 'failing'])
  ScheduledTask(name, options[name])(Work.prototype, name, Object.getOwnPropertyDescriptor(Work.prototype, name));

class AppModule {}
const store = { type: 'redis', port: Number(port) };
Module({ imports: [SchedulerModule.forRoot({ store, namespace })], providers: [Work] })(AppModule);
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const scheduler = app.get(AdvancedTaskScheduler);

const off = Date.now() - (await serverTime());
const begun = await serverTime();
await scheduler.scheduleCronTask('put', '*/2 * * * * *');
await scheduler.scheduleCronTask('resumed', '*/2 * * * * *');
await scheduler.pauseCronTask('resumed');
await scheduler.resumeCronTask('resumed');
await ticked();

const resultOf = async (taskId, options) =>
  (await scheduler.waitForExecution(await scheduler.scheduleTask(taskId, options))).result;
const asked = await serverTime();
const delayed = (await resultOf('now', { delay: '300ms' })) - asked;
const askedAgain = await serverTime();
const retried = (await resultOf('failing')) - askedAgain;
const instant = (await serverTime()) + 400;
const appointed = (await resultOf('now', { scheduledTime: instant })) - instant;

await app.close();
redis.disconnect();
process.send({ off, begun, ticks, delayed, retried, appointed }, () => process.disconnect());
