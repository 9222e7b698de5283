import { afterEach, describe, expect, it } from '@jest/globals';
import type { RunAbortedError } from 'nestjs-advanced-scheduler';
import { aborted, closeApps, gate, startApp } from '../support/app.js';
import { closeAll, proxyTo, serve } from './fixtures.js';

afterEach(async () => {
  await closeApps();
  await closeAll();
});

const LEASE = 1500;
let namespaces = 0;

describe('a worker that alone is disconnected from Redis', () => {
  it.each(['blackhole', 'refuse', 'stall'] as const)(
    'aborts its runs at the end of its lease, before another worker has them: %s',
    async (how) => {
      const server = await serve();
      const proxy = await proxyTo(server);
      const namespace = `cut${++namespaces}`;
      const order: string[] = [];
      const [begun, over, taken, door] = [gate(), gate(), gate(), gate()];
      const options = { lease: LEASE, namespace };
      const locked = { requireLock: true, lockTimeout: LEASE };
      const { module } = await startApp(
        {
          t: [
            locked,
            async (_, { signal }) => {
              begun.open();
              const reason = (await aborted(signal)) as RunAbortedError;
              order.push(reason.code);
              over.open();
              await door.opened;
              return 'by the first';
            },
          ],
        },
        { ...options, store: { type: 'redis', url: proxy.url } },
      );
      const { scheduler } = await startApp(
        { t: [locked, () => (order.push('taken'), taken.open(), 'by the second')] },
        { ...options, store: { type: 'redis', url: server.url }, autoStart: false },
      );
      const id = await scheduler.scheduleTask('t');
      await begun.opened;
      proxy[how]();
      const cutAt = performance.now();
      await scheduler.start();
      await over.opened;
      expect(performance.now() - cutAt).toBeLessThan(LEASE + 5_000);
      await taken.opened;
      expect(order).toEqual(['LEASE_LOST', 'taken']);
      expect((await scheduler.waitForExecution(id)).result).toBe('by the second');
      proxy.heal();
      door.open();
      await module.close();
      expect(await scheduler.getTaskStatus(id)).toMatchObject({ status: 'COMPLETED', result: 'by the second' });
    },
  );

  it('keeps the runs that no other worker has taken, and their results', async () => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const [begun, door] = [gate(), gate()];
    const { scheduler } = await startApp(
      {
        t: async (_, { signal }) => {
          begun.open();
          await aborted(signal);
          await door.opened;
          return 'all the same';
        },
      },
      { lease: LEASE, namespace: `cut${++namespaces}`, store: { type: 'redis', url: proxy.url } },
    );
    const id = await scheduler.scheduleTask('t');
    await begun.opened;
    proxy.blackhole();
    setTimeout(() => (proxy.heal(), proxy.cut(), door.open()), 2 * LEASE);
    const { status, result } = await scheduler.waitForExecution(id);
    expect({ status, result }).toEqual({ status: 'COMPLETED', result: 'all the same' });
  });

  it('first asks Redis after its event loop was blocked', async () => {
    const server = await serve();
    const { scheduler } = await startApp(
      {
        t: async (_, { signal }) => {
          const until = performance.now() + 2 * LEASE;
          while (performance.now() < until);
          await new Promise((resolve) => setTimeout(resolve, 1500));
          return signal.aborted;
        },
      },
      { lease: LEASE, namespace: `cut${++namespaces}`, store: { type: 'redis', url: server.url } },
    );
    const id = await scheduler.scheduleTask('t');
    expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'COMPLETED', result: false });
  });
});
