import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TaskPriority, type AdvancedTaskScheduler, type SchedulerModuleOptions } from 'nestjs-advanced-scheduler';
import { closeApps, nothingRuns, startApp, type Tasks } from '../support/app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const SLOTS = 10;
const MANY = 200;

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

let namespaces = 0;
/** The payload and start time of each started run, in order. */
let begun: { payload: any; at: number }[] = [];
let ends: (() => void)[] = [];
let [atOnce, mostAtOnce] = [0, 0];
let options: SchedulerModuleOptions;
beforeEach(() => {
  begun = [];
  ends = [];
  options = {
    store: { type: 'redis', port: server.port },
    namespace: `ahead${++namespaces}`,
    maxConcurrentTasks: SLOTS,
  };
});
afterEach(async () => {
  for (const end of ends) end();
  await closeApps();
});

const nap = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const note = (payload: unknown): number => begun.push({ payload, at: performance.now() });

const TASKS: Tasks = {
  short: () => undefined,
  /** Runs until the test ends all of them. */
  held: (payload) => {
    note(payload);
    return new Promise<void>((resolve) => ends.push(resolve));
  },
  locked: [
    { requireLock: true, lockKey: (payload: any) => `lock:${payload.n}` },
    (payload) => {
      note(payload);
      return new Promise<void>((resolve) => ends.push(resolve));
    },
  ],
  timed: [{ timeout: '2s' }, (payload) => (note(payload), nap(50))],
  rated: [{ queue: 'rated' }, (payload) => void note(payload)],
  narrow: [
    { queue: 'narrow' },
    async () => {
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      await nap(5);
      atOnce--;
    },
  ],
  narrowed: [
    { queue: 'narrowed' },
    async (payload) => {
      note(payload);
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      await nap(10);
      atOnce--;
    },
  ],
  slow: (payload) => (note(payload), nap(100)),
};

const requests = (taskId: string, count = MANY, more = {}) =>
  Array.from({ length: count }, (_, n) => ({ taskId, payload: { n }, ...more }));

/** A worker that has had enough short runs to prefetch many. */
async function warmApp(more: SchedulerModuleOptions = {}): Promise<AdvancedTaskScheduler> {
  const { scheduler } = await startApp(TASKS, { ...options, ...more });
  for (let i = 0; i < 3; i++) {
    const ids = await scheduler.scheduleTasks(requests('short', 1000));
    await scheduler.waitForExecution(ids.at(-1)!);
  }
  return scheduler;
}

/** The executions shown as RUNNING, once this number has started and nothing is prefetched any more. */
async function watchRunning(scheduler: AdvancedTaskScheduler, until: () => boolean): Promise<number> {
  let most = 0;
  let isOver = false;
  while (!isOver) {
    isOver = until();
    const [health, { items }, workers] = await Promise.all([
      scheduler.getHealthStatus(),
      scheduler.listExecutions({ status: 'RUNNING', limit: 500 }),
      scheduler.listWorkers(),
    ]);
    most = Math.max(most, health.runningTasks, items.length, ...workers.map((worker) => worker.running));
  }
  return most;
}

describe('a worker that has prefetched after short handlers', () => {
  it('returns claims that do not start: another worker gets them, and only started runs are RUNNING', async () => {
    const scheduler = await warmApp();
    const ids = await scheduler.scheduleTasks(requests('held'));
    expect(await watchRunning(scheduler, () => begun.length === SLOTS)).toBeLessThanOrEqual(SLOTS);

    await startApp(TASKS, options);
    expect(await watchRunning(scheduler, () => begun.length === 2 * SLOTS)).toBeLessThanOrEqual(2 * SLOTS);
    const { items } = await scheduler.listExecutions({ status: 'PENDING', limit: 500 });
    expect(items).toHaveLength(MANY - 2 * SLOTS);
    expect(items.every(({ waitingFor, attempts }) => waitingFor !== null && attempts.length === 0)).toBe(true);
    const { queueStats } = await scheduler.getHealthStatus();
    expect(queueStats.totalQueued).toBe(MANY - 2 * SLOTS);

    const ended = Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
    // Each end starts another, until all have started.
    const drain = setInterval(() => ends.splice(0).forEach((end) => end()), 5);
    const statuses = (await ended).map(({ status, retryCount }) => `${status} ${retryCount}`);
    clearInterval(drain);
    expect(new Set(statuses)).toEqual(new Set(['COMPLETED 0']));
    expect(begun.map(({ payload }) => payload.n).sort((a, b) => a - b)).toEqual(ids.map((_, n) => n));
  });

  it('starts no execution after pause() has resolved', async () => {
    const [here, elsewhere] = [await warmApp(), await warmApp()];
    await here.scheduleTasks(requests('slow'));
    while (begun.length < SLOTS) await nap(1);
    await elsewhere.taskQueue.pause('default');
    const before = begun.length;
    expect(before).toBeLessThan(MANY / 2);
    await nothingRuns(here);
    expect(begun).toHaveLength(before);
    const { items } = await here.listExecutions({ status: 'PENDING', taskId: 'slow', limit: 500 });
    expect(items).toHaveLength(MANY - before);
    await here.taskQueue.resume('default');
  });

  it('starts a more urgent execution before prefetched ones', async () => {
    const scheduler = await warmApp();
    await scheduler.scheduleTasks(requests('slow'));
    while (begun.length < SLOTS) await nap(1);
    const before = begun.length;
    const urgent = await scheduler.scheduleTask('slow', { payload: 'urgent', priority: TaskPriority.CRITICAL });
    await scheduler.waitForExecution(urgent);
    const place = begun.findIndex(({ payload }) => payload === 'urgent');
    // Before it are the running ones, and those that start while claims may wait.
    expect(place - before).toBeLessThanOrEqual(2 * SLOTS);
  });

  it('times out no run before it has started', async () => {
    const scheduler = await warmApp();
    const ids = await scheduler.scheduleTasks(requests('timed'));
    expect(await watchRunning(scheduler, () => begun.length >= SLOTS)).toBeLessThanOrEqual(SLOTS);
    const ended = await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
    expect(ended.filter(({ status }) => status !== 'COMPLETED')).toEqual([]);
  });

  it('holds no more locks than it has slots', async () => {
    const scheduler = await warmApp();
    await scheduler.scheduleTasks(requests('locked'));
    let most = 0;
    for (let isOver = false; !isOver;) {
      isOver = begun.length === SLOTS;
      most = Math.max(most, (await scheduler.lockManager.list()).filter(({ owner }) => owner !== null).length);
    }
    expect(most).toBeLessThanOrEqual(SLOTS);
  });

  it('starts no more runs than a rate limit allows, and no more at a time than the concurrency of a queue', async () => {
    const scheduler = await warmApp({
      queues: { default: {}, rated: { rateLimit: { max: 10, per: '1s' } }, narrow: { globalConcurrency: 3 } },
    });
    await scheduler.scheduleTasks(requests('rated', 30));
    const narrow = await scheduler.scheduleTasks(requests('narrow', 30));
    await Promise.all(narrow.map((id) => scheduler.waitForExecution(id)));
    expect(mostAtOnce).toBe(3);
    while (begun.length < 30) await nap(20);
    // Two windows meet at an instant, three never do.
    const spans = begun.slice(20).map(({ at }, i) => at - begun[i]!.at);
    expect(Math.min(...spans)).toBeGreaterThan(900);
  });

  it('begins no more than a limit that is set later allows, from a second after it was set', async () => {
    const scheduler = await warmApp();
    await scheduler.scheduleTasks(requests('narrowed', 1000));
    while (begun.length < 50) await nap(5);
    // As a release does whose code declares the limit.
    const queues = { narrowed: { globalConcurrency: 1 } };
    await startApp({}, { ...options, role: 'producer', queues });
    await nap(1000);
    mostAtOnce = 0;
    const from = begun.length;
    while (begun.length < from + 30) await nap(5);
    expect(mostAtOnce).toBe(1);
    await scheduler.taskQueue.pause('narrowed');
  });
});
