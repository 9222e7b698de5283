import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, it } from '@jest/globals';
import { closeApps, startApp, type Tasks } from '../support/app.js';
import { removeStores, storeOf } from '../support/stores.js';

afterEach(closeApps);
afterAll(removeStores);

/** A task that counts how many of its runs are under way, and the most so far. */
function counting(ms: number) {
  const count = { now: 0, most: 0 };
  const run = async (): Promise<void> => {
    count.most = Math.max(count.most, ++count.now);
    await sleep(ms);
    count.now--;
  };
  return { count, run };
}

it('a direct dispatch does not exceed the limits of a process', async () => {
  const { count, run } = counting(20);
  const { scheduler } = await startApp(
    { run: [{ queue: 'few' }, run] },
    { ...(await storeOf('redis')), maxConcurrentTasks: 20, queues: { few: { concurrency: 2 } } },
  );
  for (let round = 0; round < 3; round++) {
    const ids = await Promise.all(Array.from({ length: 10 }, () => scheduler.scheduleTask('run')));
    await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
  }
  expect(count.most).toBe(2);
});

it('a direct dispatch leaves the slots that are reserved for a priority', async () => {
  const { count, run } = counting(20);
  const { scheduler } = await startApp(
    { run: [{ queue: 'kept' }, run] },
    { ...(await storeOf('redis')), maxConcurrentTasks: 6, queues: { kept: { reserve: { CRITICAL: 4 } } } },
  );
  for (let round = 0; round < 3; round++) {
    const ids = await Promise.all(Array.from({ length: 6 }, () => scheduler.scheduleTask('run')));
    await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
  }
  expect(count.most).toBe(2);
});

it('requests in flight at the same time do not exceed the limits of a process', async () => {
  const { count, run } = counting(3);
  const tasks: Tasks = { few: [{ queue: 'few' }, run], many: [{ queue: 'many' }, () => sleep(Math.random() * 2)] };
  const { scheduler } = await startApp(tasks, {
    ...(await storeOf('redis')),
    maxConcurrentTasks: 20,
    queues: { few: { concurrency: 2 }, many: {} },
  });
  const ids: string[] = [];
  for (let round = 0; round < 20; round++)
    ids.push(
      ...(await scheduler.scheduleTasks(
        Array.from({ length: 40 }, (_, i) => ({ taskId: i % 3 === 0 ? 'few' : 'many', priority: 'LOW' as const })),
      )),
    );
  await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
  expect(count.most).toBe(2);
});
