import { afterEach, describe, expect, it } from '@jest/globals';
import { OutcomeUnknownError, StoreUnavailableError } from '../../libs/scheduler/src/core/errors.js';
import { closeAll, connect, connection, proxyTo, rejection, ROOT, serve } from './fixtures.js';

afterEach(closeAll);

describe('close', () => {
  it('completes requests in flight, refuses new ones, and can be called twice', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    await redis.run('count', ROOT, []);
    proxy.slow(50);
    const reply = redis.run('count', ROOT, []);
    await Promise.all([redis.close(), redis.close()]);
    expect(await reply).toBe(2);
    expect(await rejection(redis.run('count', ROOT, []))).toBeInstanceOf(StoreUnavailableError);
  });

  it('takes at most a second if the server does not respond', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    await redis.subscribe(
      ['{test}:channel'],
      () => undefined,
      () => undefined,
    );
    proxy.blackhole();
    const outcome = rejection(redis.run('count', ROOT, []));
    const started = performance.now();
    await redis.close();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await outcome).toBeInstanceOf(OutcomeUnknownError);
  });

  it('leaves no socket and no timer, also if the server does not respond', async () => {
    const server = await serve();
    const handles = (): string[] => process.getActiveResourcesInfo().filter((type) => /TCPSocket|Timeout/.test(type));
    const before = handles();
    const { redis } = await connect({ url: server.url });
    await redis.subscribe(
      ['{test}:a'],
      () => undefined,
      () => undefined,
    );
    server.freeze();
    const outcome = rejection(redis.run('count', ROOT, []));
    expect(handles().length).toBeGreaterThan(before.length);
    await redis.close();
    await outcome;
    // Two turns of the loop; ioredis' own grace for a socket that does not end would be 200 ms.
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
    expect(handles()).toEqual(before);
  });

  it('is done at once while the server is down, and ends waiting calls', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url });
    await server.kill();
    const outcome = rejection(redis.run('count', ROOT, []));
    const started = performance.now();
    await redis.close();
    expect(performance.now() - started).toBeLessThan(900);
    expect(await outcome).toBeInstanceOf(StoreUnavailableError);
  });

  it('ends a connect in progress', async () => {
    const server = await serve();
    await server.kill();
    const { redis } = connection({ url: server.url });
    const outcome = rejection(redis.connect());
    await redis.close();
    expect(await outcome).toBeInstanceOf(StoreUnavailableError);
  });
});
