import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import {
  OutcomeUnknownError,
  StoreFullError,
  StoreReadonlyError,
  StoreScriptError,
  StoreUnavailableError,
} from '../../libs/scheduler/src/core/errors.js';
import {
  calls,
  closeAll,
  closeLater,
  connect,
  connection,
  FastClock,
  proxyTo,
  rejection,
  ROOT,
  serve,
  until,
} from './fixtures.js';
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

describe('a call', () => {
  it('gets the reply of the script, whatever its arguments are made of', async () => {
    const { redis } = await connect({ url: (await serve()).url });
    const args = ['plain', '', 'é😀\r\n', 42, 1e21, Buffer.from('bytes ü'), '$3\r\nabc\r\n'];
    expect(await redis.run('echo', ROOT, args)).toEqual([
      ...['plain', '', 'é😀\r\n', '42', '1e+21', 'bytes ü', '$3\r\nabc\r\n'],
    ]);
    expect(await redis.run('echo', '{ü}', [])).toEqual([]);
    expect(await redis.run('read', ROOT, ['nothing'])).toBeNull();
  });

  it('that fails by itself says which script, and none of its arguments', async () => {
    const { redis } = await connect({ url: (await serve()).url });
    await redis.run('count', ROOT, []);
    const error = await rejection(redis.run('wrong', ROOT, ['canary']));
    expect(error).toBeInstanceOf(StoreScriptError);
    expect(error).toMatchObject({ script: 'wrong', reason: expect.stringContaining('WRONGTYPE') });
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack, cause: error.cause })).not.toContain(
      'canary',
    );
  });

  it('refuses a name that no script bears', async () => {
    const { redis } = await connect({ url: (await serve()).url });
    expect(() => redis.run('none', ROOT, [])).toThrow("no script 'none'");
  });
});

describe('a reply that is lost', () => {
  it('after the script ran: the repeat finds what the first one did', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    const dropped = proxy.dropReplyTo('fcall');
    const reply = redis.run('once', ROOT, ['operation']);
    await dropped;
    expect(await reply).toBe(1);
    expect(await count(redis)).toBe('1');
  });

  it('is not asked for again where that would do it twice', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    await redis.run('count', ROOT, []);
    void proxy.dropReplyTo('fcall');
    const error = await rejection(redis.run('count', ROOT, ['canary'], { repeatable: false }));
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', operation: 'count' });
    expect(await count(redis)).toBe('2');
  });

  it('four times over: three repeats, and then the outcome is unknown', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    await redis.run('count', ROOT, []);
    const dropped = proxy.dropReplyTo('fcall', 4);
    const error = await rejection(redis.run('count', ROOT, []));
    await dropped;
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(await count(redis)).toBe('5');
  });

  it('and a refusal of the repeat do not make a refusal of the whole', async () => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const { redis } = await connect({ url: proxy.url });
    await redis.run('fill', ROOT, ['a', 'x']);
    const dropped = proxy.dropReplyTo('fcall');
    const reply = rejection(redis.run('fill', ROOT, ['b', 'x']));
    await dropped;
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    const error = await reply;
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    // Either the repeat was quicker than the setting and there is no error, or it says what is true.
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(await redis.run('read', ROOT, ['b'])).toBe('x');
  });
});

describe('a connection that', () => {
  it('is half-open is replaced within the deadline, and nothing is done twice', async () => {
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

  it('stands still for less than the deadline is kept', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    proxy.slow(300);
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
    expect(proxy.accepted).toBe(1);
  });

  it('is good is kept when the event loop stood still', async () => {
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

  it('is killed again and again loses nothing and does nothing twice', async () => {
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

describe('a server that', () => {
  it('takes no more clients is named as such', async () => {
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

  it('is killed and comes back on its port is found again, while calls wait', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url });
    await redis.run('count', ROOT, []);
    await server.kill();
    const waiting = [redis.run('count', ROOT, []), redis.run('count', ROOT, [])];
    await server.start();
    expect((await Promise.all(waiting)).sort()).toEqual([1, 2]);
  });

  it('stays away: calls end as unavailable within their budget, and later ones find it', async () => {
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

  it('swallows what it is sent: what was on its way is of unknown outcome, what was not is not done', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url }, { clock: new FastClock() });
    proxy.blackhole();
    const sent = rejection(redis.run('count', ROOT, []));
    expect(await sent).toBeInstanceOf(OutcomeUnknownError);
    const unsent = await rejection(redis.run('count', ROOT, []));
    expect(unsent).toBeInstanceOf(StoreUnavailableError);
  });

  it('is kept busy by a read is not asked for the same again, and others are answered', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url });
    // The server has the functions, so that nothing but the read keeps the other call waiting.
    await redis.run('spin', ROOT, [0]);
    const slow = rejection(redis.run('spin', ROOT, [4_000]));
    const behind = redis.run('once', ROOT, ['a']);
    expect(await slow).toBeInstanceOf(StoreUnavailableError);
    expect(await behind).toBe(1);
    expect(await timeOfScripts(server)).toBeLessThan(7_000);
  });

  it('is kept busy by a read behind another call is not asked for the read again', async () => {
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

  it('hangs and wakes up does nothing twice', async () => {
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

  it('is full takes no new work, and lets old work end', async () => {
    const server = await serve({ args: ['--maxmemory', '3mb'] });
    const { redis } = await connect({ url: server.url });
    const filler = 'x'.repeat(100_000);
    let error: unknown = null;
    for (let index = 0; index < 100 && error === null; index++) {
      error = await redis.run('fill', ROOT, [index, filler]).then(
        () => null,
        (reason: unknown) => reason,
      );
    }
    expect(error).toBeInstanceOf(StoreFullError);
    expect((error as Error).message).not.toContain('xxx');
    expect(await redis.run('settle', ROOT, ['a', 'done'])).toBe('OK');
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

  it('runs a script for too long is waited for', async () => {
    const server = await serve({ args: ['--busy-reply-threshold', '20'] });
    const proxy = await proxyTo(server);
    const { redis } = await connect({ url: proxy.url });
    await redis.run('count', ROOT, []);
    const endless = server.command('EVAL', 'while true do end', '0').catch((error: Error) => error.message);
    // It answers as soon as it says that it is busy.
    await expect(server.command('GET', 'a')).rejects.toThrow('BUSY');
    const waiting = redis.run('count', ROOT, []);
    await expect(server.command('GET', 'a')).rejects.toThrow('BUSY');
    expect(await server.command('SCRIPT', 'KILL')).toBe('+OK');
    expect(await endless).toContain('killed');
    expect(await waiting).toBe(2);
    expect(proxy.accepted).toBe(1);
  });

  it('cannot write its snapshots takes no writes', async () => {
    const server = await serve({ args: ['--save', '3600', '1'] });
    const { redis } = await connect({ url: server.url });
    rmSync(server.dir, { recursive: true });
    await server.command('BGSAVE');
    await until(async () => (await server.command('INFO', 'persistence')).includes('rdb_last_bgsave_status:err'));
    const error = await rejection(redis.run('count', ROOT, []));
    expect(error).toBeInstanceOf(StoreReadonlyError);
    expect(error.message).toContain('MISCONF');
  });

  it('has too few replicas takes no writes', async () => {
    const server = await serve({ args: ['--min-replicas-to-write', '1'] });
    const { redis } = await connect({ url: server.url }, { clock: new FastClock() });
    expect(await rejection(redis.run('count', ROOT, []))).toBeInstanceOf(StoreReadonlyError);
  });
});

describe('close', () => {
  it('lets what is under way end, refuses what comes, and may be called twice', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    await redis.run('count', ROOT, []);
    proxy.slow(50);
    const reply = redis.run('count', ROOT, []);
    await Promise.all([redis.close(), redis.close()]);
    expect(await reply).toBe(2);
    expect(await rejection(redis.run('count', ROOT, []))).toBeInstanceOf(StoreUnavailableError);
  });

  it('takes a second at the most where nobody answers', async () => {
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

  it('leaves no socket and no timer behind, also where nobody answers', async () => {
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

  it('is done at once while the server is down, and ends who waits', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url });
    await server.kill();
    const outcome = rejection(redis.run('count', ROOT, []));
    const started = performance.now();
    await redis.close();
    expect(performance.now() - started).toBeLessThan(900);
    expect(await outcome).toBeInstanceOf(StoreUnavailableError);
  });

  it('ends a connect that is under way', async () => {
    const server = await serve();
    await server.kill();
    const { redis } = connection({ url: server.url });
    const outcome = rejection(redis.connect());
    await redis.close();
    expect(await outcome).toBeInstanceOf(StoreUnavailableError);
  });
});

describe('a subscription', () => {
  it('hears its channels only, stands through reconnects, and tells of each gap', async () => {
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

  it('ends without harm to another on the same channel', async () => {
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

  it('notices that its connection is half-open', async () => {
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

  it('that is asked for while the server is down begins when it is back', async () => {
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
