import { afterEach, describe, expect, it } from '@jest/globals';
import type { Effect } from '../../libs/scheduler/src/core/effects.js';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import type { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { helloOf, HOUR, MINUTE, taskRecordOf, newExecution, newSchedule } from '../contract/fixtures.js';
import { Worker } from '../contract/worker.js';
import type { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { openOn, promoteAll } from './clock-steps.js';
import { closeAll, serve } from './fixtures.js';

afterEach(closeAll);

/** A store that has seen the server's clock two hours ahead of what it is now, for as long as `before` takes. */
async function steppedBack(
  lease: number,
  before: (store: RedisTaskStore, ahead: number, server: RedisServer) => Promise<void>,
) {
  const server = await serve();
  const store = await openOn(server, { lease });
  await store.putTasks([taskRecordOf('plain'), taskRecordOf('nightly')]);
  const real = (await store.stats()).now;
  const ahead = real + 2 * HOUR;
  await server.command('HSET', '{step}:m', 'hwm', `${ahead}`);
  await before(store, ahead, server);
  const effects: Effect[] = [];
  store.subscribe((each) => effects.push(...each));
  const promote = (): Promise<void> => promoteAll(store);
  await promote();
  expect((await store.stats()).now).toBeLessThan(real + HOUR);
  expect(effects).toContainEqual(expect.objectContaining({ kind: 'clockStep' }));
  return { store, promote };
}

describe('a clock of the server that goes back by two hours', () => {
  it('does not prevent delays and retries from ending', async () => {
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

  it.each(['garbage', '\u0005', '{"a":1}'])('is handled even with rows that cannot be read: %j', async (garbage) => {
    const { store, promote } = await steppedBack(15_000, async (before, _, server) => {
      await before.enqueue([newExecution({ delay: 300 })]);
      for (const [key, field] of [
        ['lh', 'owner|key'],
        ['nd', 'node'],
        ['q', 'other'],
        ['l', 'key'],
      ] as const)
        await server.command('HSET', `{step}:${key}`, field, garbage);
      for (const key of ['dl', 'dd', 'lx']) await server.command('ZADD', `{step}:${key}`, '5', garbage);
    });
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    await until(async () => {
      await promote();
      return (await worker.claimIds(1)).length === 1;
    });
  });

  it('keeps dates', async () => {
    let dated = '';
    const at = Math.floor(Date.now() / 1000) * 1000 + 3 * HOUR;
    const { store } = await steppedBack(15_000, async (before) => {
      [dated] = (await before.enqueue([newExecution({ scheduledTime: at })])) as [string];
    });
    const { waitingFor } = (await store.getExecution(dated))!;
    expect(waitingFor).toMatchObject({ until: new Date(at).toISOString() });
  });

  it('returns no execution early whose date is after the time before', async () => {
    let dated = '';
    const { store, promote } = await steppedBack(15_000, async (before, ahead) => {
      await before.register(helloOf('w1'));
      [dated] = (await before.enqueue([newExecution({ scheduledTime: ahead + 300 })])) as [string];
      await before.enqueue([newExecution({ delay: 300 })]);
    });
    const worker = new Worker(store, 'w1');
    await until(async () => {
      await promote();
      return (await worker.claimIds(9)).length === 1;
    });
    expect((await store.getExecution(dated))!.waitingFor!.kind).toBe('time');
  });

  it('makes an execution due at once whose date was reached', async () => {
    let dated = '';
    const { store } = await steppedBack(15_000, async (before, ahead, server) => {
      await before.register(helloOf('w1'));
      [dated] = (await before.enqueue([newExecution({ scheduledTime: ahead + 60_000 })])) as [string];
      await server.command('HSET', '{step}:m', 'hwm', `${ahead + 60_000}`);
    });
    expect(await new Worker(store, 'w1').claimIds(9)).toEqual([dated]);
  });

  it('shows by the new time until when an execution waits or holds', async () => {
    const { store } = await steppedBack(15_000, async (before) => {
      await before.register(helloOf('w1'));
      const worker = new Worker(before, 'w1');
      await before.enqueue([newExecution()]);
      await worker.retry(await worker.claimOne(), HOUR);
      await before.enqueue([newExecution({ delay: HOUR })]);
      await before.acquireLock('k', 'h1', HOUR, 0);
    });
    const { now } = await store.stats();
    const [worker] = await store.listWorkers();
    const { items } = await store.listExecutions({});
    const lock = (await store.getLock('k'))!;
    const untils = items.map((each) => Date.parse((each.waitingFor as { until: string }).until));
    expect(items).toHaveLength(2);
    for (const at of [...untils, lock.expiresAt!, now + lock.remaining!, Date.parse(worker!.leaseUntil) + HOUR]) {
      expect(at).toBeGreaterThan(now + HOUR - MINUTE);
      expect(at).toBeLessThanOrEqual(now + HOUR + MINUTE);
    }
  });

  it('keeps a rate limit, which expires', async () => {
    let worker!: Worker;
    const { promote } = await steppedBack(15_000, async (before) => {
      await before.register(helloOf('w1'));
      await before.configureQueue('default', { concurrency: null, rateLimit: { max: 1, per: 2_000 } });
      await before.enqueue([newExecution(), newExecution()]);
      worker = new Worker(before, 'w1');
      await worker.claimOne();
    });
    expect(await worker.claim(1)).toEqual([]);
    await until(async () => {
      await promote();
      return (await worker.claim(1)).length === 1;
    });
  });

  it('is handled once if the maintenance step fails', async () => {
    const server = await serve();
    const store = await openOn(server);
    await store.acquireLock('k', 'h1', HOUR, 0);
    const { now } = await store.stats();
    const moved = { hwm: now + 2 * HOUR, offset: -2 * HOUR };
    await server.command('HSET', '{step}:m', ...Object.entries(moved).flatMap(([name, value]) => [name, `${value}`]));
    await server.command('SET', '{step}:lw', 'of another type');
    for (let i = 0; i < 2; i++) await expect(store.promote(PROMOTE_PER_STEP)).rejects.toThrow();
    await server.command('DEL', '{step}:lw');
    await promoteAll(store);
    expect((await store.stats()).now).toBeLessThan(now + HOUR);
    const { remaining } = (await store.getLock('k'))!;
    expect(remaining).toBeGreaterThan(HOUR - MINUTE);
    expect(remaining).toBeLessThanOrEqual(HOUR);
  });

  it('does not prevent the rescue of runs of lost workers', async () => {
    const { store } = await steppedBack(500, async (before) => {
      await before.register(helloOf('w1'));
      await before.enqueue([newExecution()]);
      await new Worker(before, 'w1').claimOne();
    });
    await until(async () => (await store.rescue(100)).done === 1);
  });

  it.each(['dispatched', 'claimed'])(
    'does not prevent the return of runs that were %s, and lost on their way',
    async (how) => {
      let worker!: Worker;
      await steppedBack(15_000, async (before, ahead, server) => {
        await before.register(helloOf('w1'));
        const [id] = await before.enqueue([newExecution()]);
        worker = new Worker(before, 'w1');
        await worker.claimOne();
        if (how === 'dispatched') await server.command('HSET', '{step}:ha', id!, `w1|${ahead}`);
      });
      await until(async () => {
        await worker.beat();
        return (await worker.claim(1)).length === 1;
      });
    },
  );

  it('recomputes schedules, and fires an instant that occurs again', async () => {
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

  it('fires an instant that occurs again, once', async () => {
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
    await before.putTasks([taskRecordOf('nightly')]);
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
