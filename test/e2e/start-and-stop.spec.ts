import { setImmediate as turn } from 'node:timers/promises';
import { closeApps, startApp } from '../support/app.js';

afterEach(closeApps);

/** Any point of a start in progress, in microtasks. */
const POINTS = Array.from({ length: 16 }, (_, i) => i);

async function microtasks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

async function prepare() {
  const ran: string[] = [];
  const app = await startApp({ note: (_payload, { executionId }) => void ran.push(executionId) }, { autoStart: false });
  return { ...app, ran };
}

it.each(POINTS)('a stop ends a start in progress, %i microtasks after it', async (point) => {
  const { scheduler, ran } = await prepare();
  const started = scheduler.start();
  await microtasks(point);
  await Promise.all([scheduler.stop(), started]);
  await scheduler.scheduleTask('note');
  await turns(10);
  expect(ran).toEqual([]);
  expect(await scheduler.listWorkers()).toEqual([]);
});

it.each(POINTS)('a start after a stop after a start claims, %i microtasks after the first', async (point) => {
  for (const pause of [0, 1, 2, 5]) {
    const { scheduler } = await prepare();
    const calls = [scheduler.start()];
    await microtasks(point);
    calls.push(scheduler.stop());
    await microtasks(pause);
    await Promise.all([...calls, scheduler.start()]);
    expect(await scheduler.listWorkers()).toMatchObject([{ state: 'active' }]);
    const ended = await scheduler.waitForExecution(await scheduler.scheduleTask('note'), { timeout: '5s' });
    expect(ended.status).toBe('COMPLETED');
  }
});
