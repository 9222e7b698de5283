import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { AdvancedTaskScheduler, RetryConfig, StoreOptions } from 'nestjs-advanced-scheduler';
import { closeApps, startApp } from '../support/app.js';
import { temporaryFolder } from '../support/open-embedded.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

let redis: RedisServer;
let folder: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  redis = await startRedis();
  folder = temporaryFolder();
});
afterEach(closeApps);
afterAll(async () => {
  await redis?.stop();
  folder?.remove();
});

const BASE: RetryConfig = { strategy: 'FIXED', initialDelay: '1ms', jitter: false };
const release = (version: string, retryConfig: RetryConfig | undefined, store: StoreOptions, autoStart: boolean) =>
  startApp(
    { t: [{ retryConfig }, () => Promise.reject(new Error('always'))] },
    { store, namespace: 'budget', version, autoStart },
  );

const runsOf = async (scheduler: AdvancedTaskScheduler, id: string): Promise<number> =>
  (await scheduler.waitForExecution(id, { timeout: '20s' })).attempts.length;

it.each<[string, () => StoreOptions]>([
  ['embedded', () => ({ type: 'embedded', path: folder.path('budget.db') })],
  ['redis', () => ({ type: 'redis', port: redis.port })],
])('the retry budget is that of the release that scheduled it: %s', async (_, store) => {
  const scheduled: [string, number][] = [];
  for (const [version, retryConfig, runs] of [
    ['1.0.0', { ...BASE, maxAttempts: 5 }, 5],
    ['1.1.0', undefined, 1],
    ['1.2.0', { ...BASE, maxAttempts: 2 }, 2],
  ] as const) {
    const { module, scheduler } = await release(version, retryConfig, store(), false);
    scheduled.push([await scheduler.scheduleTask('t'), runs]);
    scheduled.push([await scheduler.scheduleTask('t', { tags: ['tagged'] }), runs]);
    const { executions } = await scheduler.runWorkflow({ tasks: [{ taskId: 't' }] });
    scheduled.push([executions['t']!, runs]);
    await module.close();
  }
  const { scheduler } = await release('1.3.0', { ...BASE, maxAttempts: 3 }, store(), true);
  for (const [id, runs] of scheduled) expect([id, await runsOf(scheduler, id)]).toEqual([id, runs]);
});

it('retryIf is that of the worker', async () => {
  const store: StoreOptions = { type: 'redis', port: redis.port };
  const { module, scheduler } = await release('2.0.0', { ...BASE, maxAttempts: 5 }, store, false);
  const id = await scheduler.scheduleTask('t');
  await module.close();
  const worker = await release('2.1.0', { ...BASE, retryIf: (_error, attempt) => attempt < 2 }, store, true);
  expect(await runsOf(worker.scheduler, id)).toBe(2);
});
