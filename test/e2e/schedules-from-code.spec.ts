import 'reflect-metadata';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, type INestApplicationContext, type LoggerService, type ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AdvancedTaskScheduler,
  defineTask,
  ScheduledTask,
  SchedulerModule,
  type SchedulerError,
  type TaskOptions,
} from 'nestjs-advanced-scheduler';
import { SILENT } from '../support/app.js';
import { removeStores, STORE_NAMES, storeOf } from '../support/stores.js';

const open: INestApplicationContext[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});
afterAll(removeStores);

async function start(metadata: ModuleMetadata, logger: LoggerService = SILENT): Promise<INestApplicationContext> {
  const app = await Test.createTestingModule(metadata).setLogger(logger).compile();
  open.push(app);
  return app.init();
}

describe('schedules with the same id in code', () => {
  it.each<[string, TaskOptions, TaskOptions, string]>([
    [
      'both say',
      { cron: { expression: '0 1 * * *', id: 'nightly' } },
      { cron: { expression: '0 2 * * *', id: 'nightly' } },
      'nightly',
    ],
    ['one says and the other is called', { cron: { expression: '0 1 * * *', id: 'b' } }, { cron: '0 2 * * *' }, 'b'],
    ['one is called and the other says', { cron: '0 1 * * *' }, { cron: { expression: '0 2 * * *', id: 'a' } }, 'a'],
  ])('that %s are refused with both places', async (_what, first, second, id) => {
    @Injectable()
    class Reports {
      @ScheduledTask('a', first)
      daily() {}
      @ScheduledTask('b', second)
      weekly() {}
    }
    const error = (await start({ imports: [SchedulerModule.forRoot()], providers: [Reports] }).catch(
      (thrown: unknown) => thrown,
    )) as SchedulerError;
    expect(error).toMatchObject({ code: 'DUPLICATE_SCHEDULE', scheduleId: id });
    expect(error.message).toContain("task 'a' (Reports.daily)");
    expect(error.message).toContain("task 'b' (Reports.weekly)");
  });

  it('in forFeature are refused as well, but not on two schedulers', async () => {
    @Injectable()
    class Reports {
      @ScheduledTask('a', { cron: { expression: '0 1 * * *', id: 'nightly' } })
      @ScheduledTask('a', { scheduler: 'other', cron: { expression: '0 1 * * *', id: 'nightly' } })
      daily() {}
      @ScheduledTask('b')
      weekly() {}
    }
    const again = defineTask('b', { taskId: 'c', cron: { expression: '0 1 * * *', id: 'nightly' } });
    const schedulers = [SchedulerModule.forRoot(), SchedulerModule.forRoot({ name: 'other' })];
    await start({ imports: schedulers, providers: [Reports] });
    const both = { imports: [...schedulers, SchedulerModule.forFeature([again])], providers: [Reports] };
    await expect(start(both)).rejects.toMatchObject({ code: 'DUPLICATE_SCHEDULE' });
  });

  it.each(STORE_NAMES)('that are put again by hand are changed: store %s', async (name) => {
    @Injectable()
    class Reports {
      @ScheduledTask('a', { cron: '0 1 * * *' })
      daily() {}
    }
    const app = await start({ imports: [SchedulerModule.forRoot(await storeOf(name))], providers: [Reports] });
    const scheduler = app.get(AdvancedTaskScheduler);
    await scheduler.scheduleCronTask('a', '0 5 * * *');
    expect(await scheduler.listCronTasks()).toMatchObject([
      { id: 'a', cronExpression: '0 5 * * *', declaredBy: 'app' },
    ]);
  });
});

describe('a schedule from code that was changed by hand', () => {
  @Injectable()
  class Reports {
    @ScheduledTask('kept', { cron: '0 1 * * *' })
    kept() {}
    @ScheduledTask('dropped', { cron: '0 1 * * *' })
    dropped() {}
  }
  @Injectable()
  class Later {
    @ScheduledTask('kept', { cron: '0 1 * * *' })
    kept() {}
    @ScheduledTask('dropped')
    dropped() {}
  }

  it('is removed, with a log line, when code drops it, and restored while code declares it', async () => {
    const imports = [SchedulerModule.forRoot(await storeOf('embedded'))];
    const first = await start({ imports, providers: [Reports] });
    const scheduler = first.get(AdvancedTaskScheduler);
    for (const taskId of ['kept', 'dropped']) await scheduler.scheduleCronTask(taskId, '0 5 * * *');
    await scheduler.scheduleCronTask('kept', '0 6 * * *', { id: 'by-hand' });
    await first.close();
    const log = jest.fn();
    const second = await start({ imports, providers: [Later] }, { ...SILENT, log });
    const schedules = await second.get(AdvancedTaskScheduler).listCronTasks();
    expect(schedules.map(({ id, cronExpression, declaredBy }) => [id, cronExpression, declaredBy]).sort()).toEqual([
      ['by-hand', '0 6 * * *', null],
      ['kept', '0 1 * * *', 'app'],
    ]);
    const lines = log.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('dropped'));
    expect(lines).toEqual(["schedule 'dropped' was removed: the code of 'app' no longer declares it"]);
  });
});
