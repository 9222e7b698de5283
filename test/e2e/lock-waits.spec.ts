import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { AdvancedTaskScheduler, LockHandle, LockLostError, StoreOptions } from 'nestjs-advanced-scheduler';
import { aborted, closeApps, gate, startApp } from '../support/app.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { temporaryFolder } from '../support/open-embedded.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

Logger.overrideLogger(false);

describe.each(['memory', 'embedded', 'redis'] as const)('waits for locks on %s', (type) => {
  let redis: RedisServer;
  const folder = temporaryFolder();
  let apps = 0;

  beforeAll(async () => {
    if (type === 'redis') redis = await startRedis();
  });
  afterAll(async () => {
    folder.remove();
    if (type === 'redis') await redis.stop();
  });
  afterEach(closeApps);

  const storeOf = (): StoreOptions => {
    if (type === 'embedded') return { type, path: folder.path(`${++apps}.db`) };
    return type === 'redis' ? { type, url: redis.url } : { type };
  };
  const start = async (namespace = `n${++apps}`, store = storeOf()) => {
    const { module, scheduler } = await startApp({}, { store, namespace });
    return { module, locks: scheduler.lockManager, scheduler };
  };
  const isWaitedFor = async ({ lockManager }: AdvancedTaskScheduler, key: string, by = 1): Promise<void> => {
    // The memory store answers within the turn: the awaited change needs another one.
    while (!(await lockManager.list()).some((lock) => lock.key === key && lock.waiting >= by))
      await new Promise((resolve) => setImmediate(resolve));
  };

  it('end with the reason of their signal, and receive no grant afterwards', async () => {
    const { locks, scheduler } = await start();
    const held = (await locks.acquire('door'))!;
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const wait = locks.acquire('door', { maxWait: '1h', signal: controller.signal });
    const inLock = locks.withLock('door', { maxWait: '1h', signal: controller.signal }, () => 'in');
    await isWaitedFor(scheduler, 'door');
    controller.abort(reason);
    await expect(wait).rejects.toBe(reason);
    await expect(inLock).rejects.toBe(reason);
    await expect(locks.acquire('door', { maxWait: '1h', signal: controller.signal })).rejects.toBe(reason);
    await held.release();
    expect(await locks.acquire('door', { maxWait: '10s' })).not.toBeNull();
  });

  it('end when the app closes, and so do functions in a lock', async () => {
    const { module, locks, scheduler } = await start();
    await locks.acquire('door');
    const wait = locks.acquire('door', { maxWait: '1h' }).catch((error: unknown) => error);
    const inLock = locks.withLock('hall', {}, async ({ signal }) => {
      while (!signal.aborted) await new Promise((resolve) => setImmediate(resolve));
      return 'late';
    });
    inLock.catch(() => undefined);
    await isWaitedFor(scheduler, 'door');
    await module.close();
    expect(await wait).toMatchObject({ code: 'SCHEDULER_CLOSED' });
    await expect(inLock).rejects.toMatchObject({ code: 'SCHEDULER_CLOSED' });
  });

  it('get the lock before an earlier execution that cannot start, since they hold all slots', async () => {
    const order: string[] = [];
    const begun = gate();
    const { scheduler } = await startApp(
      {
        'needs.door': [{ requireLock: true, lockKey: 'door' }, () => void order.push('execution')],
        'asks.for.door': async () => {
          begun.open();
          await scheduler.lockManager.withLock('door', { maxWait: '1h' }, () => void order.push('handle'));
        },
      },
      { store: storeOf(), namespace: `n${++apps}`, maxConcurrentTasks: 1 },
    );
    const held = (await scheduler.lockManager.acquire('door', { ttl: '1h' }))!;
    const execution = await scheduler.scheduleTask('needs.door', { priority: 'HIGH' });
    await isWaitedFor(scheduler, 'door');
    const handle = await scheduler.scheduleTask('asks.for.door');
    await begun.opened;
    await isWaitedFor(scheduler, 'door', 2);
    await held.release();
    await scheduler.waitForExecution(handle);
    await scheduler.waitForExecution(execution);
    expect(order).toEqual(['handle', 'execution']);
  });

  it('withLock rejects if its lock was lost while it ran', async () => {
    const { locks } = await start();
    const [begun, go] = [gate(), gate()];
    const inLock = locks.withLock('door', {}, async () => {
      begun.open();
      await go.opened;
      return 'done';
    });
    inLock.catch(() => undefined);
    await begun.opened;
    await locks.forceRelease('door');
    go.open();
    await expect(inLock).rejects.toMatchObject({ code: 'LOCK_LOST', message: expect.stringContaining("'door'") });
  });

  // One process loses no events.
  if (type !== 'redis') return;
  it('get a grant whose event is lost', async () => {
    const [holder, waiter] = [await start('shared'), await start('shared')];
    const held = (await holder.locks.acquire('door', { ttl: '1h' }))!;
    const wait = waiter.locks.acquire('door', { ttl: '1h', maxWait: '1h' });
    await isWaitedFor(holder.scheduler, 'door');
    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await held.release();
    expect((await wait)!.fencingToken).toBeGreaterThan(held.fencingToken);
  });

  it('get a grant by their next poll where the subscription of their process is half-open', async () => {
    const proxy = await FaultProxy.start(redis.port);
    try {
      const holder = await start('half-open');
      const waiter = await start('half-open', { type: 'redis', url: proxy.url });
      const held = (await holder.locks.acquire('door', { ttl: '1h' }))!;
      const wait = waiter.locks.acquire('door', { ttl: '1h', maxWait: '1h' });
      await isWaitedFor(holder.scheduler, 'door');
      proxy.killSilently('subscribers');
      const from = performance.now();
      await held.release();
      expect((await wait)!.fencingToken).toBeGreaterThan(held.fencingToken);
      // Polls come once a second; that the subscription is dead is found later.
      expect(performance.now() - from).toBeLessThan(5_000);
    } finally {
      await proxy.close();
    }
  });

  it('end with a lock that its own clock ends where its process is cut off', async () => {
    const proxy = await FaultProxy.start(redis.port);
    try {
      const near = await start('cut');
      const far = await start('cut', { type: 'redis', url: proxy.url });
      const held = (await far.locks.acquire('door', { ttl: '2s' }))!;
      const begun = gate<LockHandle>();
      const inLock = far.locks.withLock('hall', { ttl: '2s' }, async (lock) => {
        begun.open(lock);
        await aborted(lock.signal);
      });
      inLock.catch(() => undefined);
      const renewed = await begun.opened;
      proxy.blackhole();
      const reasons = await Promise.all([aborted(held.signal), aborted(renewed.signal)]);
      expect(reasons.map((reason) => (reason as LockLostError).code)).toEqual(['LOCK_LOST', 'LOCK_LOST']);
      // Nobody had them before.
      for (const key of ['door', 'hall']) {
        const next = (await near.locks.acquire(key, { maxWait: '10s' }))!;
        expect(next.fencingToken).toBeGreaterThan(held.fencingToken);
      }
      proxy.heal();
      proxy.cut();
      await expect(inLock).rejects.toMatchObject({ code: 'LOCK_LOST' });
    } finally {
      await proxy.close();
    }
  });

  it('end without a lock if its ttl is over whenever the grant arrives', async () => {
    const proxy = await FaultProxy.start(redis.port);
    try {
      const near = await start('slow');
      const far = await start('slow', { type: 'redis', url: proxy.url });
      proxy.slow(60);
      expect(await far.locks.acquire('door', { ttl: 50 })).toBeNull();
      expect(await far.locks.acquire('door', { ttl: 50, maxWait: 300 })).toBeNull();
      expect(await near.locks.acquire('door', { ttl: 50, maxWait: '1m' })).not.toBeNull();
      proxy.heal();
      expect(await far.locks.acquire('hall', { ttl: '1m' })).not.toBeNull();
    } finally {
      await proxy.close();
    }
  });

  it('are requested again if the store has lost them', async () => {
    const [holder, waiter] = [await start('emptied'), await start('emptied')];
    await holder.locks.acquire('door', { ttl: '1h' });
    const waits = [1, 2].map(() => waiter.locks.acquire('door', { ttl: '1h', maxWait: '1h' }));
    await isWaitedFor(holder.scheduler, 'door');
    await redis.command('FLUSHALL');
    const first = (await Promise.race(waits))!;
    await isWaitedFor(waiter.scheduler, 'door');
    await first.release();
    const tokens = (await Promise.all(waits)).map((handle) => handle!.fencingToken);
    expect(new Set(tokens).size).toBe(2);
  });
});

it('withLock rejects with the error of its function, also if the lock cannot be released', async () => {
  const { scheduler, module } = await startApp({});
  const fails = scheduler.lockManager.withLock('k', {}, async () => {
    await module.close();
    throw new Error('of the function');
  });
  await expect(fails).rejects.toThrow('of the function');
});
