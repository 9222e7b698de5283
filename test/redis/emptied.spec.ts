import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { Test, type TestingModule } from '@nestjs/testing';
import { AdvancedTaskScheduler, ScheduledTask, SchedulerEvents, SchedulerModule } from 'nestjs-advanced-scheduler';
import { SILENT } from '../support/app.js';
import { until } from '../support/until.js';
import { closeAll, serve } from './fixtures.js';

let module: TestingModule | null = null;
afterEach(async () => {
  await module?.close();
  module = null;
  await closeAll();
});

@Injectable()
class Tasks {
  runs = 0;

  @ScheduledTask('report.nightly', { cron: '0 3 * * *' })
  nightly(): void {
    this.runs++;
  }
}

describe('a Redis that has lost all its data', () => {
  it('gets the tasks, schedules and queues of the app again, and its worker', async () => {
    const server = await serve();
    module = await Test.createTestingModule({
      imports: [
        SchedulerModule.forRoot({
          store: { type: 'redis', url: `redis://127.0.0.1:${server.port}` },
          lease: '3s',
          queues: { default: { rateLimit: { max: 100, per: '1m' } } },
        }),
      ],
      providers: [Tasks],
    })
      .setLogger(SILENT)
      .compile();
    await module.init();
    const scheduler = module.get(AdvancedTaskScheduler);
    const before = await scheduler.listCronTasks();
    expect(before).toHaveLength(1);

    await server.command('FLUSHALL');
    expect(await scheduler.listCronTasks()).toEqual([]);
    // It is detected within 20 s; a new subscription makes it immediate.
    module.get(EventEmitter2).on(SchedulerEvents.EXECUTION_STARTED, () => undefined);
    await until(async () => (await scheduler.listCronTasks()).length === 1);
    expect((await scheduler.listCronTasks())[0]).toMatchObject({
      id: 'report.nightly',
      nextRunTime: before[0]!.nextRunTime,
    });
    expect((await scheduler.listTasks()).map((task) => task.taskId)).toEqual(['report.nightly']);
    await until(async () => (await server.command('HGET', '{default}:q', 'default')).includes('max'));

    const done = await scheduler.waitForExecution(await scheduler.scheduleTask('report.nightly'));
    expect(done.status).toBe('COMPLETED');
    expect(module.get(Tasks).runs).toBe(1);
  });
});
