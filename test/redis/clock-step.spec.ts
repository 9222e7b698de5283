import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { NewExecution } from '../../libs/scheduler/src/core/commands.js';
import type { Effect } from '../../libs/scheduler/src/core/effects.js';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { helloOf, HOUR, lockOn, MINUTE, mirrorOf, newExecution, newSchedule } from '../contract/fixtures.js';
import { Worker } from '../contract/worker.js';
import { CAN_FAKE_CLOCKS, FakeClock } from '../support/fake-clock.js';
import type { RedisServer, RedisServerOptions } from '../support/redis-server.js';
import { closeAll, closeLater, serve, until } from './fixtures.js';

// A test's server keeps nothing on disk on purpose, and is told so at each connect.
beforeAll(() => Logger.overrideLogger(false));
afterEach(closeAll);

async function openOn(
  server: RedisServer,
  { lease = 15_000, maxAttemptDuration = HOUR } = {},
): Promise<RedisTaskStore> {
  const store = new RedisTaskStore({
    connection: resolveRedisOptions({ port: server.port }),
    namespace: 'step',
    lease,
    maxAttemptDuration,
    history: { count: 1000, age: null, bytes: null },
  });
  await store.open();
  closeLater(() => store.close());
  return store;
}

/** A store that has seen the server's clock two hours ahead of what it is now, for as long as `before` takes. */
async function steppedBack(
  lease: number,
  before: (store: RedisTaskStore, ahead: number, server: RedisServer) => Promise<void>,
) {
  const server = await serve();
  const store = await openOn(server, { lease });
  await store.putTasks([mirrorOf('plain'), mirrorOf('nightly')]);
  const real = (await store.stats()).now;
  const ahead = real + 2 * HOUR;
  await server.command('HSET', '{step}:m', 'hwm', `${ahead}`);
  await before(store, ahead, server);
  const effects: Effect[] = [];
  store.subscribe((each) => effects.push(...each));
  const promote = (): Promise<unknown> => store.promote(PROMOTE_PER_STEP);
  await promote();
  expect((await store.stats()).now).toBeLessThan(real + HOUR);
  expect(effects).toContainEqual(expect.objectContaining({ kind: 'clockStep' }));
  return { store, promote };
}

describe('a clock of the server that goes back by two hours', () => {
  it('does not keep delays and retries from coming', async () => {
    const { store, promote } = await steppedBack(15_000, async (before) => {
      await before.register(helloOf('w1'));
      const worker = new Worker(before, 'w1');
      await before.enqueue([newExecution()]);
      await worker.retry(await worker.claimOne(), 300);
      await before.enqueue([newExecution({ delay: 300 })]);
    });
    await store.register(helloOf('w2'));
    const worker = new Worker(store, 'w2');
    const claimed: string[] = [];
    await until(async () => {
      await promote();
      claimed.push(...(await worker.claimIds(2)));
      return claimed.length === 2;
    });
  });

  it.each(['garbage', '\u0005', '{"a":1}'])('is followed past rows that cannot be read: %j', async (garbage) => {
    const { store, promote } = await steppedBack(15_000, async (before, _, server) => {
      await before.enqueue([newExecution({ delay: 300 })]);
      for (const [key, field] of [
        ['lh', 'owner|key'],
        ['nd', 'node'],
        ['q', 'other'],
        ['l', 'key'],
      ] as const)
        await server.command('HSET', `{step}:${key}`, field, garbage);
      for (const key of ['dl', 'lx']) await server.command('ZADD', `{step}:${key}`, '5', garbage);
    });
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    await until(async () => {
      await promote();
      return (await worker.claimIds(1)).length === 1;
    });
  });

  it('lets dates stay', async () => {
    let dated = '';
    const at = Math.floor(Date.now() / 1000) * 1000 + 3 * HOUR;
    const { store } = await steppedBack(15_000, async (before) => {
      [dated] = (await before.enqueue([newExecution({ scheduledTime: at })])) as [string];
    });
    const { waitingFor } = (await store.getExecution(dated))!;
    expect(waitingFor).toMatchObject({ until: new Date(at).toISOString() });
  });

  it('does not keep runs of lost workers from coming back', async () => {
    const { store } = await steppedBack(500, async (before) => {
      await before.register(helloOf('w1'));
      await before.enqueue([newExecution()]);
      await new Worker(before, 'w1').claimOne();
    });
    await until(async () => (await store.rescue(100)).done === 1);
  });

  it('lets schedules be looked at, and fires an instant that comes again', async () => {
    const { store } = await steppedBack(15_000, async (before, ahead) => {
      await before.putSchedule(newSchedule({ nextRunTime: ahead + 60_000 }));
    });
    const { now, schedules } = await store.dueSchedules(10);
    expect(schedules).toHaveLength(1);
    expect(now).toBeLessThan(schedules[0]!.nextRunTime!);
    // Put again unchanged, as at the start of a node, it still is.
    await store.putSchedule(newSchedule({ nextRunTime: schedules[0]!.nextRunTime }));
    expect((await store.dueSchedules(10)).schedules).toHaveLength(1);
  });

  it('fires an instant that comes again, once', async () => {
    const at = Date.now();
    const tick = async (store: RedisTaskStore): Promise<void> => {
      const { revision, nextRunTime } = (await store.getSchedule('every-minute'))!;
      const execution = newExecution({ executionId: `cron:every-minute:${at}`, taskId: 'nightly' });
      const about = { overlap: 'allow', cancelGrace: 0, nextRunTime } as const;
      const expected = { revision, nextRunTime: nextRunTime! };
      const ticks = [{ time: at, leaveOut: false, execution }];
      await store.fire([{ scheduleId: 'every-minute', expected, ticks, ...about }]);
    };
    const server = await serve();
    const before = await openOn(server);
    await before.putTasks([mirrorOf('nightly')]);
    await before.putSchedule(newSchedule({ nextRunTime: at }));
    // By a clock that was right, before it went forward and came back.
    await tick(before);
    await server.command('HSET', '{step}:m', 'hwm', `${at + 2 * HOUR}`);
    await before.promote(PROMOTE_PER_STEP);
    await tick(before);
    await tick(before);
    const { items } = await before.listExecutions({ taskId: 'nightly' });
    expect(items).toHaveLength(2);
  });
});

(CAN_FAKE_CLOCKS ? describe : describe.skip)('a clock of the server that goes forward by two hours', () => {
  const clock = new FakeClock();
  beforeEach(() => clock.set(0));
  afterAll(() => clock.remove());

  /** Returns when the server shows the new time, which no store has seen. */
  async function stepForward(server: RedisServer): Promise<void> {
    await step(server, 2);
  }

  /** @param hours from the real time */
  async function step(server: RedisServer, hours: number): Promise<void> {
    const seconds = async (): Promise<number> => Number((await server.command('TIME')).split('\r\n')[2]);
    const before = await seconds();
    clock.set(hours * 3600);
    await until(async () => Math.abs((await seconds()) - before) > 3600);
  }

  const serveStepping = (options: RedisServerOptions = {}): Promise<RedisServer> =>
    serve({ ...options, env: clock.env });

  it('ends no run, lease, lock, wait or grace, whichever node is the first to call', async () => {
    const server = await serveStepping();
    const [store, other] = [await openOn(server), await openOn(server)];
    await store.putTasks([mirrorOf('plain')]);
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    const [plain, limited, locked, cancelled, parked] = [
      newExecution(),
      newExecution({ timeout: MINUTE }),
      newExecution({ lock: lockOn('k') }),
      newExecution(),
      newExecution({ lock: lockOn('k', MINUTE) }),
    ];
    await store.enqueue([plain, limited, locked, cancelled, parked]);
    const runs = await worker.claim(5);
    expect(runs).toHaveLength(4);
    await store.cancel(cancelled.executionId, MINUTE);
    await store.acquireLock('handle', 'h1', MINUTE, 0);
    await store.acquireLock('handle', 'h2', MINUTE, MINUTE);
    const expiring = newExecution({ ttl: MINUTE });
    await store.enqueue([expiring]);
    const [delayed, dated] = [newExecution({ delay: HOUR }), newExecution({ scheduledTime: Date.now() + HOUR })];
    await store.enqueue([delayed, dated]);
    await other.stats();
    const effects: Effect[] = [];
    other.subscribe((each) => effects.push(...each));
    await stepForward(server);
    // The first call only looks: it must not spoil what the others find.
    expect(await other.expiredRuns(10)).toEqual([]);
    for (const each of [other, store]) {
      expect((await each.rescue(100)).done).toBe(0);
      // The date was reached, the delay was not.
      expect((await each.promote(100)).done).toBe(each === other ? 1 : 0);
      expect(await each.expiredRuns(10)).toEqual([]);
    }
    const [step] = effects.filter((effect) => effect.kind === 'clockStep');
    expect(-step!.by / 1000).toBeCloseTo(2 * 3600, -1);
    expect((await store.getLock('k'))!.owner).toBe(locked.executionId);
    expect((await store.getLock('handle'))!.owner).toBe('h1');
    expect((await store.getLock('handle'))!.remaining).toBeGreaterThan(MINUTE / 2);
    for (const { executionId } of [parked, expiring])
      expect((await store.getExecution(executionId))!.status).toBe('PENDING');
    expect(await worker.beat(...runs)).toMatchObject({ known: true, lost: [] });
    for (const run of runs) expect(await worker.complete(run)).toBe('applied');
  });

  it.each([
    ['a node that saw the time before', false],
    ['a new node', true],
  ])('removes nothing that another release has just declared, where %s is the first to call', async (_, isNew) => {
    const server = await serveStepping();
    const other = await openOn(server);
    const limits = { concurrency: 1, rateLimit: null };
    await other.putSchedule(newSchedule({ id: 'of another', declaredBy: 'app', nextRunTime: Date.now() + 9 * HOUR }));
    await other.configureQueue('of another', limits, 'app');
    let store = await openOn(server);
    await store.stats();
    await stepForward(server);
    if (isNew) store = await openOn(server);
    expect(await store.declareSchedules('app', [], false)).toEqual([]);
    expect(await store.declareQueues('app', [], false)).toEqual([]);
    expect(await other.declareSchedules('app', ['of another'], false)).toEqual([]);
    expect(await store.declareSchedules('app', [], false)).toEqual([]);
  });

  it('counts the time of runs, not that of the clock', async () => {
    const server = await serveStepping();
    const store = await openOn(server);
    await store.putTasks([mirrorOf('plain')]);
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    await store.enqueue([newExecution(), newExecution({ timeout: MINUTE }), newExecution()]);
    const [simple, other, failing] = await worker.claim(3);
    await store.stats();
    await stepForward(server);
    await store.promote(PROMOTE_PER_STEP);
    await worker.complete(simple!);
    await worker.complete(other!);
    await worker.fail(failing!);
    const { window } = await store.stats();
    const sum = window.reduce((ms, each) => ms + each.durationMs, 0);
    expect(window.reduce((ends, each) => ends + each.completed + each.failed, 0)).toBe(3);
    expect(sum).toBeLessThan(HOUR);
  });

  it('ends no run of a worker that beats, where a node that did not see the step has written first', async () => {
    const server = await serveStepping();
    const store = await openOn(server);
    await store.putTasks([mirrorOf('plain')]);
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    await store.enqueue([newExecution(), newExecution({ timeout: MINUTE })]);
    const runs = await worker.claim(2);
    await stepForward(server);
    const late = await openOn(server);
    await late.promote(PROMOTE_PER_STEP);
    await worker.beat(...runs);
    for (const each of [late, store]) expect(await each.expiredRuns(10)).toEqual([]);
    for (const run of runs) expect(await worker.complete(run)).toBe('applied');
  });

  it('leaves idempotency keys their day, and so does one that goes back', async () => {
    const server = await serveStepping();
    const store = await openOn(server);
    await store.putTasks([mirrorOf('plain')]);
    const keyed = (): NewExecution => newExecution({ idempotency: { key: 'order-7', fingerprint: 'f' } });
    const [id] = await store.enqueue([keyed()]);
    await store.stats();
    for (const hours of [30, 0]) {
      await step(server, hours);
      await store.promote(PROMOTE_PER_STEP);
      await store.prune(PROMOTE_PER_STEP);
      expect(await store.enqueue([keyed()])).toEqual([id]);
    }
    await store.close();
    // Time in which no node was there has passed.
    await step(server, 25);
    const later = await openOn(server);
    expect(await later.enqueue([keyed()])).not.toEqual([id]);
  });

  it('ends runs that are too long, and brings back those of lost workers', async () => {
    const server = await serveStepping();
    const store = await openOn(server, { lease: 5_000, maxAttemptDuration: 6_000 });
    await store.putTasks([mirrorOf('plain')]);
    await store.register(helloOf('w1'));
    const begun = performance.now();
    await store.enqueue([newExecution()]);
    const worker = new Worker(store, 'w1');
    const run = await worker.claimOne();
    await stepForward(server);
    await until(async () => {
      await worker.beat(run);
      return (await store.expiredRuns(10)).length > 0;
    });
    expect(performance.now() - begun).toBeGreaterThan(5_500);
    await until(async () => (await store.rescue(100)).done === 1);
    expect(performance.now() - begun).toBeGreaterThan(10_000);
  });
});
