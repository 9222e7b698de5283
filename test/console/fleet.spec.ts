import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import { closeConsoles, startConsole, TOKENS } from '../support/console.js';
import { bearer, closeLive, completedOf, followLive, type LivePosition } from '../support/live.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const VIEWER = TOKENS[0].token;
type Instance = Awaited<ReturnType<typeof startConsole>>;

let redis: RedisServer;
let namespaces = 0;
/** A producer with a console, and a worker. */
let front: Instance;
let worker: Instance;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

beforeEach(async () => {
  const namespace = `fleet${++namespaces}`;
  const start = (role: 'producer' | 'worker') =>
    startConsole(
      { add: ({ a, b }: { a: number; b: number }) => a + b, mail: [{ queue: 'mail' }, () => 'sent'] },
      { scheduler: { store: { type: 'redis', url: redis.url }, namespace, role } },
    );
  worker = await start('worker');
  front = await start('producer');
});
afterEach(async () => {
  closeLive();
  await closeConsoles();
});

const sums = (count: number) => Array.from({ length: count }, (_, a) => ({ taskId: 'add', payload: { a, b: 1 } }));

describe('a console of a fleet', () => {
  it('reports events of other instances live', async () => {
    const [here, there] = [await followLive(front.url, bearer(VIEWER)), await followLive(worker.url, bearer(VIEWER))];
    const ids = (await front.scheduler.scheduleTasks(sums(200))).sort();
    for (const { events, hello, until } of [here, there]) {
      await until((all) => completedOf(all).length === ids.length);
      expect(completedOf(events).sort()).toEqual(ids);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => hello.seq + 1 + i));
    }
    await worker.scheduler.taskQueue.pause('mail');
    await here.until((all) => all.some(({ name }) => name === 'scheduler.queue.paused'));
    await worker.scheduler.stop();
    await here.until((all) => all.some(({ name }) => name === 'scheduler.worker.draining'));
  });

  it('shows the whole fleet in the metrics of each instance', async () => {
    for (const id of await front.scheduler.scheduleTasks(sums(20))) await front.scheduler.waitForExecution(id);
    for (const { call } of [front, worker]) {
      const { text } = await call('viewer', 'get', '/metrics').expect(200);
      expect(text).toContain('\nscheduler_store_up 1\n');
      expect(text).toContain('\nscheduler_workers 1\n');
      expect(text).toContain('\nscheduler_executions_scheduled_total 20\n');
      expect(text).toContain('\nscheduler_executions_total{outcome="completed"} 20\n');
    }
  });

  it('responds to a scrape while its Redis hangs, without old values', async () => {
    const scrape = async () => (await front.call('viewer', 'get', '/metrics').expect(200)).text;
    await front.scheduler.waitForExecution(await front.scheduler.scheduleTask('mail'));
    const before = await scrape();
    redis.freeze();
    const text = await scrape().finally(() => redis.thaw());
    expect(text).toContain('\nscheduler_store_up 0\n');
    expect(text).toContain('\nscheduler_event_loop_lag_seconds{at="p99"} ');
    for (const reading of ['status', 'workers'])
      expect(text).toContain(`\nscheduler_scrape_errors_total{reading="${reading}"} 1\n`);
    for (const sample of ['executions_total{outcome="completed"}', 'workers', 'locks_held', 'running_executions']) {
      expect(before).toContain(`\nscheduler_${sample} `);
      expect(text).not.toContain(`\nscheduler_${sample} `);
    }
    await until(async () => (await scrape()).includes('\nscheduler_executions_total{outcome="completed"} 1\n'));
  });

  it('resynchronizes its clients if it may have missed events', async () => {
    const { socket, hello, until: heard } = await followLive(front.url, bearer(VIEWER));
    await worker.scheduler.taskQueue.pause('mail');
    await front.scheduler.scheduleTask('mail');
    await heard((all) => all.some(({ name }) => name === 'scheduler.execution.scheduled'));
    const resync = new Promise<LivePosition>((resolve) => socket.once('resync', resolve));
    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    const told = await resync;
    expect(told).toMatchObject({
      epoch: hello.epoch,
      reason: 'EVENTS_MISSED',
      snapshot: {
        health: { storeReachable: true, queueStats: { pausedQueues: ['mail'] } },
        workers: [expect.any(Object)],
        queues: [
          { name: 'default', paused: false, total: 0 },
          { name: 'mail', paused: true, total: 1 },
        ],
      },
    });
    const id = await front.scheduler.scheduleTask('add', { payload: { a: 1, b: 1 } });
    await heard((all) => completedOf(all).includes(id));
  });
});
