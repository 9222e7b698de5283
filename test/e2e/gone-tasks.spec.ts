import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { SystemClock } from '../../libs/scheduler/src/core/clock.js';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { newSchedule } from '../contract/fixtures.js';
import { closeApps, startApp } from '../support/app.js';
import { removeStores, storeOf } from '../support/stores.js';

jest.setTimeout(30_000);
afterEach(closeApps);
afterAll(removeStores);

const everySecond = { cronExpression: '* * * * * *', overlap: 'allow' } as const;
const turn = () => new Promise((resolve) => setTimeout(resolve, 50));

/** Time that passes as the test says, for durations only. */
class HurriedClock extends SystemClock {
  private passed = 0;

  override monotonic(): number {
    return super.monotonic() + this.passed;
  }

  override now(): number {
    return super.now() + this.passed;
  }

  pass(ms: number): void {
    this.passed += ms;
  }
}

describe.each(['memory', 'embedded', 'redis'] as const)('a schedule of a task that is gone, %s', (name) => {
  const parts = async (clock: HurriedClock) => {
    const { module, scheduler } = await startApp({ other: () => 0 }, { ...(await storeOf(name)), clock });
    const skipped = async (taskId: string, count: number) => {
      for (;;) {
        const { items } = await scheduler.listExecutions({ taskId, status: 'SKIPPED' });
        if (items.length >= count) return items;
        await turn();
      }
    };
    return { scheduler, store: module.get<TaskStore>(TASK_STORE, { strict: false }), skipped };
  };

  it('has its ticks left out, with a reason, where no node knows the task', async () => {
    const { store, skipped } = await parts(new HurriedClock());
    const { now } = await store.dueSchedules(0);
    await store.putSchedule(newSchedule({ ...everySecond, id: 'gone', taskId: 'gone', nextRunTime: now }));
    for (const { reason, scheduleId } of await skipped('gone', 2))
      expect([reason, scheduleId]).toEqual(['TASK_UNREGISTERED', 'gone']);
  });

  it('has its ticks left out where no live worker has run the task for ten minutes', async () => {
    const clock = new HurriedClock();
    const { scheduler, skipped } = await parts(clock);
    scheduler.registerTask({ taskId: 'removed', funcPath: 'removed', remote: true });
    await scheduler.scheduleCronTask('removed', everySecond.cronExpression, { overlap: 'allow' });
    while ((await scheduler.listExecutions({ taskId: 'removed' })).items.length < 2) await turn();
    clock.pass(11 * 60_000);
    expect((await skipped('removed', 1))[0]!.reason).toBe('TASK_UNREGISTERED');
    const { items } = await scheduler.listExecutions({ taskId: 'removed', status: 'PENDING' });
    expect(items.length).toBeGreaterThanOrEqual(2);
  });
});
