import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import { calls, closeAll, closeLater, connect, FastClock, proxyTo, serve } from './fixtures.js';

afterEach(closeAll);

describe('a subscription', () => {
  it('receives its channels only, survives reconnects, and reports each gap', async () => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const { redis } = await connect({ url: proxy.url });
    const [heard, gaps] = [calls<string>(), calls<void>()];
    const end = await redis.subscribe(
      ['{test}:a', '{test}:b'],
      (channel, message) => heard.call(`${channel} ${message}`),
      () => gaps.call(),
    );
    await server.command('PUBLISH', '{test}:c', 'no');
    await server.command('PUBLISH', '{test}:a', 'é');
    expect(await heard.next()).toBe('{test}:a é');
    proxy.cut();
    await gaps.next();
    await server.command('PUBLISH', '{test}:b', '2');
    expect(await heard.next()).toBe('{test}:b 2');
    await server.kill();
    await server.start();
    await gaps.next();
    await server.command('PUBLISH', '{test}:a', '3');
    expect(await heard.next()).toBe('{test}:a 3');
    await end();
    await until(async () => (await server.command('PUBLISH', '{test}:a', '4')) === ':0');
  });

  it('ends without affecting another on the same channel', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url });
    const [one, two] = [calls<string>(), calls<string>()];
    const nothing = (): void => undefined;
    const endOne = await redis.subscribe(['{test}:a', '{test}:b'], (_, message) => one.call(message), nothing);
    await redis.subscribe(['{test}:a'], (_, message) => two.call(message), nothing);
    await endOne();
    await endOne();
    expect(await server.command('PUBLISH', '{test}:b', 'x')).toBe(':0');
    expect(await server.command('PUBLISH', '{test}:a', 'x')).toBe(':1');
    expect(await two.next()).toBe('x');
  });

  it('detects that its connection is half-open', async () => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const { redis } = await connect({ url: proxy.url }, { clock: new FastClock() });
    const gaps = calls<void>();
    await redis.subscribe(
      ['{test}:a'],
      () => undefined,
      () => gaps.call(),
    );
    proxy.killSilently();
    await gaps.next();
    expect(await server.command('PUBLISH', '{test}:a', 'x')).not.toBe(':0');
  });

  it('that is requested while the server is down begins when it is back', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url });
    await server.kill();
    const heard = calls<string>();
    const subscribing = redis.subscribe(
      ['{test}:a'],
      (_, message) => heard.call(message),
      () => undefined,
    );
    await server.start();
    closeLater(await subscribing);
    await server.command('PUBLISH', '{test}:a', 'x');
    expect(await heard.next()).toBe('x');
  });
});
