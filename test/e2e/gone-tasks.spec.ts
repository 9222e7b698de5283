import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import type { SchedulerModuleOptions, TaskStatus } from 'nestjs-advanced-scheduler';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { newSchedule } from '../contract/fixtures.js';
import { closeApps, startApp, type Tasks } from '../support/app.js';
import { removeStores, storeOf, type StoreName } from '../support/stores.js';

jest.setTimeout(60_000);
afterEach(closeApps);
afterAll(removeStores);

const everySecond = { cronExpression: '* * * * * *', overlap: 'allow' } as const;
/** Stores all ticks of the last 70 s: more than the minute for which a tick may wait. */
const ALL = { misfire: { all: 1000 } } as const;
const turn = () => new Promise((resolve) => setTimeout(resolve, 50));

async function parts(tasks: Tasks, options: SchedulerModuleOptions) {
  const { module, scheduler } = await startApp(tasks, options);
  const store = module.get<TaskStore>(TASK_STORE, { strict: false });
  const count = async (taskId: string, status: TaskStatus) =>
    (await scheduler.listExecutions({ taskId, status, limit: 1000 })).items.length;
  return {
    scheduler,
    close: () => module.close(),
    count,
    /** Puts a schedule that has been due for 70 s. */
    putLate: async (schedule: Partial<Parameters<typeof newSchedule>[0]>) => {
      const { now } = await store.dueSchedules(0);
      await store.putSchedule(newSchedule({ ...everySecond, ...schedule, nextRunTime: now - 70_000 }));
    },
    /** The reasons of skipped ticks, once there is this number. */
    skipped: async (taskId: string, many: number) => {
      for (;;) {
        const { items } = await scheduler.listExecutions({ taskId, status: 'SKIPPED' });
        if (items.length >= many) return items.map(({ reason }) => reason);
        await turn();
      }
    },
    until: async (taskId: string, status: TaskStatus, many: number) => {
      while ((await count(taskId, status)) < many) await turn();
    },
  };
}

describe.each<StoreName>(['memory', 'embedded', 'redis'])('a schedule of a task that no longer exists, %s', (name) => {
  it('has its ticks skipped, with a reason, if no node knows the task', async () => {
    const { putLate, skipped } = await parts({ other: () => 0 }, await storeOf(name));
    await putLate({ id: 'gone', taskId: 'gone' });
    expect(new Set(await skipped('gone', 2))).toEqual(new Set(['TASK_UNREGISTERED']));
  });

  it('has its ticks skipped if an earlier one has waited for a minute without a live worker for it', async () => {
    const { scheduler, count, putLate, skipped } = await parts({ other: () => 0 }, await storeOf(name));
    scheduler.registerTask({ taskId: 'removed', funcPath: 'removed', remote: true });
    await scheduler.listTasks();
    await putLate({ id: 'removed', taskId: 'removed', ...ALL });
    await putLate({ id: 'queued', taskId: 'removed', ...ALL, overlap: 'queue' });
    expect(new Set(await skipped('removed', 4))).toEqual(new Set(['TASK_UNREGISTERED']));
    const waiting = await count('removed', 'PENDING');
    await skipped('removed', 8);
    expect(await count('removed', 'PENDING')).toBe(waiting);
  });

  it('fires while ticks have waited for less than a minute, and if each cancels the previous one', async () => {
    const { scheduler, count, putLate, until } = await parts({ other: () => 0 }, await storeOf(name));
    scheduler.registerTask({ taskId: 'away', funcPath: 'away', remote: true });
    scheduler.registerTask({ taskId: 'newest', funcPath: 'newest', remote: true });
    await scheduler.scheduleCronTask('away', everySecond.cronExpression, { overlap: 'allow' });
    await putLate({ id: 'newest', taskId: 'newest', ...ALL, overlap: 'cancel' });
    await until('away', 'PENDING', 2);
    await until('newest', 'CANCELLED', 72);
    expect([await count('away', 'SKIPPED'), await count('newest', 'PENDING')]).toEqual([0, 1]);
  });
});

describe.each<StoreName>(['embedded', 'redis'])('a schedule of a producer whose workers are gone, %s', (name) => {
  it('adds no waiting ticks after restarts, and fires when a worker is there', async () => {
    const tasks: Tasks = { here: () => 'ran' };
    const store = await storeOf(name);
    let app = await parts(tasks, { ...store, role: 'producer' });
    await app.scheduler.start();
    await app.scheduler.listTasks();
    await app.putLate({ id: 'here', taskId: 'here', ...ALL });
    await app.skipped('here', 1);
    const waiting = await app.count('here', 'PENDING');
    for (let restart = 1; restart <= 2; restart++) {
      await app.close();
      app = await parts(tasks, { ...store, role: 'producer' });
      await app.skipped('here', 1 + 2 * restart);
      expect(await app.count('here', 'PENDING')).toBe(waiting);
    }
    await app.close();
    app = await parts(tasks, store);
    await app.until('here', 'COMPLETED', waiting + 2);
  });
});
