import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { closeApps, gate, startApp } from '../support/app.js';
import { removeStores, storeOf } from '../support/stores.js';

afterEach(async () => {
  jest.restoreAllMocks();
  await closeApps();
});
afterAll(removeStores);

const MINUTE = 60_000;

describe.each([
  ['behind', -MINUTE],
  ['ahead', MINUTE],
])('a client whose clock is a minute %s of the server', (_, off) => {
  const real = Date.now;

  it('puts and resumes schedules by the server’s time', async () => {
    const { scheduler } = await startApp({ t: () => 0 }, await storeOf('redis'));
    jest.spyOn(Date, 'now').mockImplementation(() => real() + off);
    const from = real();
    const put = await scheduler.scheduleCronTask('t', '0 * * * * *');
    await scheduler.pauseCronTask('t');
    await scheduler.resumeCronTask('t');
    const [resumed] = await scheduler.listCronTasks();
    const until = real();
    for (const { nextRunTime } of [put, resumed!]) {
      const minute = (at: number): number => (Math.floor(at / MINUTE) + 1) * MINUTE;
      expect([minute(from), minute(until)]).toContain(Date.parse(nextRunTime!));
    }
  });

  it('has ticks and delays due at the server’s time', async () => {
    jest.spyOn(Date, 'now').mockImplementation(() => real() + off);
    const ticks: number[] = [];
    const ticked = gate();
    const { scheduler } = await startApp(
      { t: () => (ticks.push(real()) === 3 ? ticked.open() : undefined), delayed: () => real() },
      await storeOf('redis'),
    );
    await scheduler.scheduleCronTask('t', '* * * * * *', { overlap: 'allow' });
    await ticked.opened;
    const { items } = await scheduler.listExecutions({ taskId: 't' });
    for (const { scheduledTime, startedTime } of items)
      expect(Date.parse(startedTime!) - Date.parse(scheduledTime)).toBeLessThan(900);
    const from = real();
    const id = await scheduler.scheduleTask('delayed', { delay: 300 });
    const { result } = await scheduler.waitForExecution(id);
    expect(result - from).toBeGreaterThanOrEqual(300);
    expect(result - from).toBeLessThan(1250);
  });
});
