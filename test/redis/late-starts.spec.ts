import { afterEach, describe, expect, it } from '@jest/globals';
import { closeApps, nothingRuns, startApp } from '../support/app.js';
import { closeAll, proxyTo, serve } from './fixtures.js';

afterEach(async () => {
  await closeApps();
  await closeAll();
});

const SLOTS = 4;
const PAUSES = 5;

describe('a worker that receives each reply late', () => {
  it.each([60, 120, 300])('starts what it claims, and nothing after pause() has resolved: %i ms', async (ms) => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const starts: number[] = [];
    const note = (): void => void starts.push(performance.now());
    const namespace = `late${ms}`;
    await startApp({ note }, { namespace, maxConcurrentTasks: SLOTS, store: { type: 'redis', url: proxy.url } });
    const options = { namespace, role: 'producer' as const, store: { type: 'redis' as const, url: server.url } };
    const { scheduler } = await startApp({ note }, options);
    proxy.slow(ms);

    const ids = await scheduler.scheduleTasks(Array.from({ length: 80 }, () => ({ taskId: 'note' })));
    const closed: [from: number, to: number][] = [];
    for (let i = 0; i < PAUSES; i++) {
      while ((await scheduler.getHealthStatus()).runningTasks === 0);
      // The reply with these claims is on its way.
      await scheduler.taskQueue.pause();
      const from = performance.now();
      await nothingRuns(scheduler);
      closed.push([from, performance.now()]);
      await scheduler.taskQueue.resume();
    }
    await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
    expect(starts).toHaveLength(ids.length);
    expect(starts.filter((at) => closed.some(([from, to]) => at > from && at < to))).toEqual([]);
  });
});
