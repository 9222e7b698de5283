import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { closeApps, gate, startApp } from '../support/app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterEach(closeApps);
afterAll(() => server.stop());

it('continues to claim if the store refuses one exchange repeatedly', async () => {
  const failed = gate();
  const { scheduler } = await startApp(
    {
      fails: () => {
        failed.open();
        throw new Error('on purpose');
      },
      works: () => 'done',
    },
    { store: { type: 'redis', port: server.port }, namespace: 'refused', maxConcurrentTasks: 2 },
  );
  // The key of errors has the wrong type: each call that stores an error fails.
  await server.command('SET', '{refused}:er', 'no list');
  const failing = await scheduler.scheduleTask('fails');
  await failed.opened;
  const ids = await scheduler.scheduleTasks(Array.from({ length: 20 }, () => ({ taskId: 'works' })));
  const ended = await Promise.all(ids.map((id) => scheduler.waitForExecution(id, { timeout: '20s' })));
  expect(ended.map(({ result }) => result)).toEqual(ids.map(() => 'done'));
  expect((await scheduler.getTaskStatus(failing))!.status).toBe('RUNNING');
  await server.command('DEL', '{refused}:er');
  expect((await scheduler.waitForExecution(failing)).status).toBe('FAILED');
});
