import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import {
  OutcomeUnknownError,
  StoreReadonlyError,
  StoreUnavailableError,
} from '../../libs/scheduler/src/core/errors.js';
import { closeAll, closeLater, connect, connection, FastClock, proxyTo, rejection, ROOT, serve } from './fixtures.js';

afterEach(closeAll);

describe('a server that', () => {
  it('accepts no more clients is reported as such', async () => {
    const server = await serve({ args: ['--maxclients', '1'] });
    const other = createConnection(server.port, '127.0.0.1');
    closeLater(async () => void other.destroy());
    other.write('PING\r\n');
    await once(other, 'data');
    const { redis } = connection({ port: server.port }, { clock: new FastClock() });
    const error = await rejection(redis.connect());
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: expect.stringContaining('max number of clients'),
    });
  });

  it('is killed and restarts on its port is found again, while calls wait', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url });
    await redis.run('count', ROOT, []);
    await server.kill();
    const waiting = [redis.run('count', ROOT, []), redis.run('count', ROOT, [])];
    await server.start();
    expect((await Promise.all(waiting)).sort()).toEqual([1, 2]);
  });

  it('stays down: calls end as unavailable within their budget, and later ones find it', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url }, { clock: new FastClock() });
    await server.kill();
    const started = performance.now();
    const error = await rejection(redis.run('count', ROOT, []));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.message).toContain('ECONNREFUSED');
    expect(performance.now() - started).toBeLessThan(6_000);
    await server.start();
    expect(await redis.run('count', ROOT, [])).toBe(1);
  });

  it('drops requests: those in flight have an unknown outcome, unsent ones have no effect', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url }, { clock: new FastClock() });
    proxy.blackhole();
    const sent = rejection(redis.run('count', ROOT, []));
    expect(await sent).toBeInstanceOf(OutcomeUnknownError);
    const unsent = await rejection(redis.run('count', ROOT, []));
    expect(unsent).toBeInstanceOf(StoreUnavailableError);
  });

  it('became a replica is left, and found again as a primary', async () => {
    const [server, primary] = [await serve(), await serve()];
    const { redis } = await connect({ url: server.url }, { clock: new FastClock() });
    await server.command('REPLICAOF', '127.0.0.1', `${primary.port}`);
    expect(await rejection(redis.run('count', ROOT, []))).toBeInstanceOf(StoreReadonlyError);
    const waiting = redis.run('count', ROOT, []);
    await server.command('REPLICAOF', 'NO', 'ONE');
    expect(await waiting).toBe(1);
  });
});
