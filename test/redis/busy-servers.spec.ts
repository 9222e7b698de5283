import { afterEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '../../libs/scheduler/src/core/errors.js';
import { closeAll, connect, proxyTo, rejection, ROOT, serve } from './fixtures.js';
import type { RedisServer } from '../support/redis-server.js';

afterEach(closeAll);

const count = async (redis: { run: (...args: any[]) => Promise<unknown> }): Promise<unknown> =>
  redis.run('read', ROOT, ['count']);

/** ms that the server has spent in scripts and functions. */
async function timeOfScripts(server: RedisServer): Promise<number> {
  const stats = await server.command('INFO', 'commandstats');
  const took = [...stats.matchAll(/cmdstat_(?:evalsha|eval|fcall):calls=\d+,usec=(\d+)/g)];
  return took.reduce((sum, [, usec]) => sum + Number(usec) / 1000, 0);
}

describe('a server that', () => {
  it('is kept busy by a read gets no repeat of that read, and answers other calls', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url });
    // The server has the functions, so only the read delays the other call.
    await redis.run('spin', ROOT, [0]);
    const slow = rejection(redis.run('spin', ROOT, [4_000]));
    const behind = redis.run('once', ROOT, ['a']);
    expect(await slow).toBeInstanceOf(StoreUnavailableError);
    expect(await behind).toBe(1);
    expect(await timeOfScripts(server)).toBeLessThan(7_000);
  });

  it('is kept busy by a read behind another call gets no repeat of the read', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url });
    await redis.run('spin', ROOT, [0]);
    // The server reads all three at once, and sends no reply before the last of them has run.
    server.freeze();
    const before = redis.run('once', ROOT, ['a']);
    const slow = rejection(redis.run('spin', ROOT, [4_000]));
    const behind = redis.run('once', ROOT, ['b']);
    await new Promise((resolve) => setImmediate(resolve));
    server.thaw();
    expect(await slow).toBeInstanceOf(StoreUnavailableError);
    expect(await Promise.all([before, behind])).toEqual([1, 2]);
    expect(await timeOfScripts(server)).toBeLessThan(7_000);
  });

  it('hangs and recovers executes no request twice', async () => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const { redis } = await connect({ url: proxy.url });
    server.freeze();
    const replies = ['a', 'b', 'c'].map((operation) => redis.run('once', ROOT, [operation]));
    await proxy.connected();
    server.thaw();
    expect((await Promise.all(replies)).sort()).toEqual([1, 2, 3]);
    expect(await count(redis)).toBe('3');
  });

  it('runs a script for too long is waited for', async () => {
    const server = await serve({ args: ['--busy-reply-threshold', '20'] });
    const proxy = await proxyTo(server);
    const { redis } = await connect({ url: proxy.url });
    await redis.run('count', ROOT, []);
    const endless = server.command('EVAL', 'while true do end', '0').catch((error: Error) => error.message);
    // It answers as soon as it reports BUSY.
    await expect(server.command('GET', 'a')).rejects.toThrow('BUSY');
    const waiting = redis.run('count', ROOT, []);
    await expect(server.command('GET', 'a')).rejects.toThrow('BUSY');
    expect(await server.command('SCRIPT', 'KILL')).toBe('+OK');
    expect(await endless).toContain('killed');
    expect(await waiting).toBe(2);
    expect(proxy.accepted).toBe(1);
  });
});
