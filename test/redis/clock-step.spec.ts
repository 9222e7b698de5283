import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Effect } from '../../libs/scheduler/src/core/effects.js';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { helloOf, HOUR, mirrorOf, newExecution, newSchedule } from '../contract/fixtures.js';
import { Worker } from '../contract/worker.js';
import { closeAll, closeLater, serve, until } from './fixtures.js';

// A test's server keeps nothing on disk on purpose, and is told so at each connect.
beforeAll(() => Logger.overrideLogger(false));
afterEach(closeAll);

/** A store that has seen the server's clock two hours ahead of what it is now, for as long as `before` takes. */
async function steppedBack(lease: number, before: (store: RedisTaskStore, ahead: number) => Promise<void>) {
  const server = await serve();
  const store = new RedisTaskStore({
    connection: resolveRedisOptions({ port: server.port }),
    namespace: 'step',
    lease,
    maxAttemptDuration: HOUR,
    history: { count: 1000, age: null, bytes: null },
  });
  await store.open();
  closeLater(() => store.close());
  await store.putTasks([mirrorOf('plain'), mirrorOf('nightly')]);
  const real = (await store.stats()).now;
  const ahead = real + 2 * HOUR;
  await server.command('HSET', '{step}:m', 'hwm', `${ahead}`);
  await before(store, ahead);
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
      await before.hello(helloOf('w1'));
      const worker = new Worker(before, 'w1');
      await before.enqueue([newExecution()]);
      await worker.retry(await worker.claimOne(), 300);
      await before.enqueue([newExecution({ delay: 300 })]);
    });
    await store.hello(helloOf('w2'));
    const worker = new Worker(store, 'w2');
    const claimed: string[] = [];
    await until(async () => {
      await promote();
      claimed.push(...(await worker.claimIds(2)));
      return claimed.length === 2;
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
      await before.hello(helloOf('w1'));
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
  });
});
