import { afterEach, describe, expect, it } from '@jest/globals';
import { closeAll, connect, FastClock, proxyTo, ROOT, serve } from './fixtures.js';

afterEach(closeAll);

const count = async (redis: { run: (...args: any[]) => Promise<unknown> }): Promise<unknown> =>
  redis.run('read', ROOT, ['count']);

describe('a connection that', () => {
  it('is half-open is replaced within the deadline, and no request has effect twice', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    await redis.run('once', ROOT, ['a']);
    proxy.killSilently();
    const started = performance.now();
    expect(await redis.run('once', ROOT, ['b'])).toBe(2);
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(1_500);
    expect(took).toBeLessThan(8_000);
    expect(proxy.accepted).toBe(2);
  });

  it('does not respond for less than the deadline is kept', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    proxy.slow(300);
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
    expect(proxy.accepted).toBe(1);
  });

  it('works is kept after the event loop was blocked', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url }, { clock: new FastClock() });
    proxy.slow(20);
    const reply = redis.run('once', ROOT, ['a']);
    // Longer than its deadline, here 200 ms.
    const until = performance.now() + 600;
    while (performance.now() < until);
    expect(await reply).toBe(1);
    expect(proxy.accepted).toBe(1);
  });

  it('answers one call after the other is kept, however long the last one waits', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url }, { clock: new FastClock() });
    await redis.run('spin', ROOT, [0]);
    // Twice its deadline, here 200 ms. Large, since a server answers together what it reads together, 16 KiB at a time.
    const large = 'x'.repeat(20_000);
    const replies = await Promise.all(Array.from({ length: 8 }, () => redis.run('spin', ROOT, [50, large])));
    expect(replies).toEqual(Array.from({ length: 8 }, () => 'done'));
    expect(proxy.accepted).toBe(1);
  });

  it('is killed repeatedly loses no request and executes none twice', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url });
    const replies = new Set<unknown>();
    for (let round = 0; round < 20; round++) {
      const batch = Array.from({ length: 10 }, (_, index) => redis.run('once', ROOT, [`${round}:${index}`]));
      await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      for (const reply of await Promise.all(batch)) replies.add(reply);
    }
    expect(replies.size).toBe(200);
    expect(await count(redis)).toBe('200');
  });
});
