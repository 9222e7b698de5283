import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { OutcomeUnknownError } from 'nestjs-advanced-scheduler';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { taskRecordOf } from '../contract/fixtures.js';
import { closeApps, startKit } from '../support/app.js';

Logger.overrideLogger(false);
afterEach(closeApps);

describe('a node that ticks for a task of another node', () => {
  it.each([1, 3])('keeps the tick due while the lookup of the task fails, %i times', async (failures) => {
    const { module, kit, scheduler } = await startKit({ local: () => undefined });
    const store = module.get<TaskStore>(TASK_STORE, { strict: false });
    await store.putTasks([taskRecordOf('elsewhere')]);
    const { id } = await scheduler.scheduleCronTask('elsewhere', '* * * * *');
    const getTask = store.getTask.bind(store);
    let left = failures;
    // The request is executed, and its reply is lost.
    store.getTask = async (taskId) => {
      const task = await getTask(taskId);
      if (taskId === 'elsewhere' && left-- > 0) throw new OutcomeUnknownError('getTasks', 'no answer in time');
      return task;
    };
    await kit.advance('1m');
    await kit.advance(failures * 1000);
    const { items } = await scheduler.listExecutions({ taskId: 'elsewhere' });
    expect(items.map(({ executionId }) => executionId.startsWith(`cron:${id}:`))).toEqual([true]);
    expect(left).toBeLessThan(0);
  });
});
