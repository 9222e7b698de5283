/**
 * What partitions cost: `node dist/bench/partitions/run.js [--rounds N] [--jobs N]`. One app schedules and runs the same
 * jobs with one namespace, and routed over four, on one Redis server, in turn. With a server for each partition the work of
 * Redis is spread over as many cores; this measures what the routing adds.
 */
import 'reflect-metadata';
import { Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getSchedulerToken, ScheduledTask, SchedulerModule } from 'nestjs-advanced-scheduler';
import { parseArgs } from 'node:util';
import { costPerJob } from '../redis/redis-sample.js';
import { RedisServer } from '../redis/server.js';
import { median } from '../statistics.js';
import { PartitionRouter } from './router.js';

const COUNTS = [1, 4];
const TASK = 'noop';
const SLOTS = 100;
const BATCH = 1000;
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, jobs: { type: 'string', default: '40000' } },
});
const [rounds, jobs] = [Number(values.rounds), Number(values.jobs)];

interface Figures {
  perSecond: number;
  redisUs: number;
  processUs: number;
}

@Injectable()
class Handlers {
  ran = 0;
  until = Infinity;
  done: () => void = () => undefined;

  noop(): void {
    if (++this.ran === this.until) this.done();
  }
}

Logger.overrideLogger(['error']);
const figures = new Map(COUNTS.map((count) => [count, [] as Figures[]]));
for (let round = 1; round <= rounds; round++)
  for (const count of COUNTS) {
    const found = await measure(count);
    figures.get(count)!.push(found);
    console.error(`round ${round}  ${count} partitions  ${Math.round(found.perSecond)} executions/s`);
  }
console.log('partitions  executions/s  Redis µs each  process µs each');
for (const [count, all] of figures) {
  const middle = (pick: (each: Figures) => number): number => median(all.map(pick));
  const columns = [middle((each) => each.perSecond).toFixed(0), middle((each) => each.redisUs).toFixed(1)];
  console.log([String(count).padEnd(10), ...columns, middle((each) => each.processUs).toFixed(1)].join('  '));
}
process.exit(0);

async function measure(count: number): Promise<Figures> {
  const server = await RedisServer.start(false);
  const names = Array.from({ length: count }, (_, i) => `p${i}`);
  const method = Object.getOwnPropertyDescriptor(Handlers.prototype, 'noop')!;
  class Tasks extends Handlers {}
  for (const scheduler of names) ScheduledTask(TASK, { scheduler })(Tasks.prototype, 'noop', method);
  Object.defineProperty(Tasks.prototype, 'noop', method);
  @Module({
    imports: names.map((name) =>
      SchedulerModule.forRoot({
        ...{ name, namespace: name, maxConcurrentTasks: SLOTS / count },
        store: { type: 'redis', url: `redis://127.0.0.1:${server.port}` },
      }),
    ),
    providers: [Tasks],
  })
  class App {}
  const app = await NestFactory.createApplicationContext(App, { logger: ['error'] });
  try {
    const router = new PartitionRouter(names.map((name) => app.get(getSchedulerToken(name))));
    await work(router, app.get(Tasks), jobs / 4);
    const [before, cpu, from] = [await server.sample(), process.cpuUsage(), performance.now()];
    await work(router, app.get(Tasks), jobs);
    const seconds = (performance.now() - from) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const { redisUs } = costPerJob(before, await server.sample(), jobs);
    return { perSecond: jobs / seconds, redisUs, processUs: (user + system) / jobs };
  } finally {
    await app.close();
    await server.stop();
  }
}

/** Schedules so many, and waits until all have run. */
async function work(router: PartitionRouter, handlers: Handlers, count: number): Promise<void> {
  const ended = new Promise<void>((resolve) => (handlers.done = resolve));
  handlers.until = handlers.ran + count;
  for (let from = 0; from < count; from += BATCH)
    await router.scheduleTasks(
      Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => {
        return { key: `customer-${from + i}`, taskId: TASK, payload: { customer: from + i } };
      }),
    );
  await ended;
}
