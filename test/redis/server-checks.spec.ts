import { afterEach, describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import {
  StoreAccessError,
  StoreLoadingError,
  StorePolicyError,
  StoreReadonlyError,
  StoreUnavailableError,
  StoreVersionError,
} from '../../libs/scheduler/src/core/errors.js';
import { until } from '../support/until.js';
import { closeAll, closeLater, connect, connection, FastClock, rejection, ROOT, serve } from './fixtures.js';

afterEach(closeAll);

const probe = { key: ROOT, channel: '{test}:channel' };

describe('eviction', () => {
  it('is refused if it is possible', async () => {
    const server = await serve({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru'] });
    const error = await rejection(connect({ url: server.url }));
    expect(error).toBeInstanceOf(StorePolicyError);
    expect(error).toMatchObject({ code: 'STORE_POLICY', found: expect.stringContaining('volatile-lru') });
  });

  it('is only a warning if it is allowed or not yet possible', async () => {
    const server = await serve({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] });
    const allowed = await connect({ url: server.url, allowEviction: true });
    expect(allowed.warnings).toContainEqual(expect.stringContaining('executions disappear (allowEviction)'));
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    const unbounded = await connect({ url: server.url });
    expect(unbounded.warnings).toContainEqual(expect.stringContaining('before you set maxmemory'));
    await server.command('CONFIG', 'SET', 'maxmemory', '100mb', 'maxmemory-policy', 'noeviction');
    const { warnings } = await connect({ url: server.url });
    expect(warnings.filter((warning) => warning.includes('maxmemory'))).toEqual([]);
  });
});

describe('persistence', () => {
  const losses = (warnings: string[]): string[] => warnings.filter((warning) => /disk|snapshot/.test(warning));

  it('is checked once, and the warning states what a restart loses', async () => {
    const server = await serve();
    const none = await connect({ url: server.url });
    expect(losses(none.warnings)).toEqual([expect.stringContaining('a restart loses the whole queue')]);
    await server.command('CONFIG', 'SET', 'save', '3600 1');
    const snapshots = await connect({ url: server.url });
    expect(losses(snapshots.warnings)).toEqual([expect.stringContaining('since its last snapshot')]);
    await server.command('CONFIG', 'SET', 'appendonly', 'yes', 'appendfsync', 'no');
    await until(async () => (await server.command('INFO', 'persistence')).includes('aof_enabled:1'));
    const lazy = await connect({ url: server.url });
    expect(losses(lazy.warnings)).toEqual([expect.stringContaining('appendfsync no')]);
    await server.command('CONFIG', 'SET', 'appendfsync', 'everysec');
    const kept = await connect({ url: server.url });
    expect(losses(kept.warnings)).toEqual([]);
  });
});

describe('a database', () => {
  it('that the server does not have is refused at once', async () => {
    const server = await serve({ args: ['--databases', '16'] });
    const started = performance.now();
    const error = await rejection(connect({ url: `${server.url}/99` }));
    expect(error).toBeInstanceOf(StoreAccessError);
    expect(error.message).toContain('database 99 cannot be used');
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('that the user may not select is refused, also for a client of the user', async () => {
    const server = await serve();
    await server.command('ACL', 'SETUSER', 'app', 'on', '>canary-secret', '~*', '&*', '+@all', '-select');
    const options = { username: 'app', password: 'canary-secret', db: 3 };
    const error = await rejection(connect({ url: server.url, ...options }));
    expect(error).toBeInstanceOf(StoreAccessError);
    expect(error.missing).toEqual(['SELECT']);
    const client = new Redis(server.port, { ...options, lazyConnect: true });
    expect(await rejection(connect({ client }))).toBeInstanceOf(StoreAccessError);
    // Database 0 needs no SELECT.
    await connect({ url: server.url, username: 'app', password: 'canary-secret' });
  });

  it('that is refused after a reconnect gets no calls', async () => {
    const server = await serve();
    await server.command('ACL', 'SETUSER', 'app', 'on', '>canary-secret', '~*', '&*', '+@all');
    const options = { url: `${server.url}/3`, username: 'app', password: 'canary-secret' };
    const { redis } = await connect(options, { clock: new FastClock() });
    await redis.run('count', ROOT, []);
    await server.command('ACL', 'SETUSER', 'app', '-select');
    await server.command('CLIENT', 'KILL', 'USER', 'app');
    expect(await rejection(redis.run('count', ROOT, []))).toMatchObject({
      code: expect.stringMatching(/STORE_ACCESS|OUTCOME/),
    });
    expect(await server.command('DBSIZE')).toBe(':0');
  });
});

describe('rights', () => {
  const withUser = async (rules: string[]) => {
    const server = await serve();
    await server.command('ACL', 'SETUSER', 'app', 'on', '>canary-secret', '~{test}:*', '&{test}:*', ...rules);
    return { server, options: { url: server.url, username: 'app', password: 'canary-secret' } };
  };

  it('that are missing are all named before any work is accepted', async () => {
    const { options } = await withUser(['+@all', '-hset', '-lpush']);
    const error = await rejection(connect(options, { probe }));
    expect(error).toBeInstanceOf(StoreAccessError);
    expect(error).toMatchObject({ code: 'STORE_ACCESS_DENIED', missing: ['HSET', 'LPUSH'] });
  });

  it('to keys, channels and scripts are checked as well', async () => {
    const { server, options } = await withUser(['+@all']);
    const otherKeys = await rejection(connect(options, { probe: { ...probe, key: '{other}:' } }));
    expect(otherKeys).toBeInstanceOf(StoreAccessError);
    const otherChannel = await rejection(connect(options, { probe: { ...probe, channel: 'other' } }));
    expect(otherChannel.missing).toEqual(['SUBSCRIBE', 'PUBLISH']);
    await server.command('ACL', 'SETUSER', 'app', '-eval');
    expect((await rejection(connect(options, { probe }))).missing).toEqual(['EVAL']);
  });

  it('of a user with the minimum rights are enough', async () => {
    const { server, options } = await withUser([
      ...['-@all', '+eval', '+evalsha', '+ping', '+subscribe', '+unsubscribe', '+publish'],
      ...['+get', '+set', '+incr', '+hget', '+hset', '+lpush', '+time'],
    ]);
    const { redis, warnings } = await connect(options, { probe });
    expect(warnings).toContainEqual(expect.stringContaining('INFO is forbidden'));
    const name = (await server.command('INFO', 'server')).includes('valkey_version') ? 'Valkey' : 'Redis';
    expect(redis.server).toMatchObject({ name, version: expect.stringMatching(/^\d+\.\d+/) });
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
    const heard = await redis.subscribe(
      ['{test}:a'],
      () => undefined,
      () => undefined,
    );
    const denied = await rejection(
      redis.subscribe(
        ['other'],
        () => undefined,
        () => undefined,
      ),
    );
    expect(denied).toBeInstanceOf(StoreAccessError);
    await heard();
  });

  it('to read settings are not needed', async () => {
    const { options } = await withUser(['+@all', '-config', '-acl']);
    const { warnings } = await connect(options, { probe });
    expect(warnings).toContainEqual(expect.stringContaining('since its last snapshot, if it makes any'));
  });
});

describe('credentials', () => {
  it('that are wrong or missing end connect at once, and are not shown', async () => {
    const server = await serve({ args: ['--requirepass', 'right'] });
    const started = performance.now();
    for (const password of ['canary-wrong', undefined]) {
      const error = await rejection(connect({ url: server.url, ...(password && { password }) }));
      expect(error).toBeInstanceOf(StoreAccessError);
      expect(`${error.stack}${JSON.stringify(error)}`).not.toContain('canary');
    }
    expect(performance.now() - started).toBeLessThan(5_000);
    const { redis } = await connect({ url: `redis://:right@127.0.0.1:${server.port}/3` });
    await redis.run('count', ROOT, []);
    expect(await server.command('CONFIG', 'GET', 'requirepass').catch((error: Error) => error.message)).toContain(
      'NOAUTH',
    );
  });

  it('that change at run time make calls fail until they are right again', async () => {
    const server = await serve();
    const { redis } = await connect({ url: server.url }, { clock: new FastClock() });
    const admin = new Redis(server.port);
    closeLater(async () => admin.disconnect());
    await admin.config('SET', 'requirepass', 'new');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(async () => (await admin.ping()) === 'PONG' && !redis.isReady);
    expect(await rejection(redis.run('count', ROOT, []))).toBeInstanceOf(StoreAccessError);
    await admin.config('SET', 'requirepass', '');
    expect(await redis.run('count', ROOT, [])).toBe(1);
  });
});

describe('a server that', () => {
  it('is a replica is refused', async () => {
    const server = await serve();
    await server.command('REPLICAOF', '127.0.0.1', '1');
    expect(await rejection(connect({ url: server.url }))).toBeInstanceOf(StoreReadonlyError);
  });

  it('is loading its data is waited for, by connect and by calls', async () => {
    const server = await serve({ args: ['--save', '3600', '1000000'] });
    const early = await connect({ url: server.url });
    await server.command('EVAL', "for i = 1, 2000 do redis.call('SET', 'key:' .. i, string.rep('x', 100)) end", '0');
    const slowly = ['--key-load-delay', '300', '--loading-process-events-interval-bytes', '1024'];
    await server.restart(slowly, { loading: true });
    await expect(server.command('GET', 'a')).rejects.toThrow('LOADING');
    const [late, reply] = await Promise.all([connect({ url: server.url }), early.redis.run('count', ROOT, [])]);
    expect(reply).toBe(1);
    expect(await late.redis.run('count', ROOT, [])).toBe(2);
  });

  it('is loading for longer than a call may take is reported as loading', async () => {
    const server = await serve({ args: ['--save', '3600', '1000000'] });
    const clock = new FastClock();
    const early = await connect({ url: server.url }, { clock });
    await server.command('EVAL', "for i = 1, 9000 do redis.call('SET', 'key:' .. i, string.rep('x', 100)) end", '0');
    const slowly = ['--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'];
    await server.restart(slowly, { loading: true });
    expect(await rejection(early.redis.run('count', ROOT, []))).toBeInstanceOf(StoreLoadingError);
    expect(await rejection(connect({ url: server.url }, { clock }))).toBeInstanceOf(StoreLoadingError);
  });

  it('is too old for our scripts is refused', async () => {
    const info = 'redis_version:6.2.14\r\nrole:master\r\nloading:0\r\n';
    const old = createServer((socket) => {
      socket.on('data', (chunk) => {
        for (const [command] of chunk.toString().matchAll(/^(?:hello|client|info)\r$/gim))
          socket.write(command.startsWith('info') ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
      });
    }).listen(0, '127.0.0.1');
    await once(old, 'listening');
    closeLater(async () => old.close());
    const error = await rejection(connect({ host: '127.0.0.1', port: (old.address() as AddressInfo).port }));
    expect(error).toBeInstanceOf(StoreVersionError);
    expect(error.message).toBe('the store is Redis 6.2.14; needed: Redis 7.0 or Valkey 7.2, or later');
  });

  it('is unreachable is reported as unavailable, with the reason', async () => {
    const server = await serve();
    await server.kill();
    const error = await rejection(connect({ url: server.url }, { clock: new FastClock() }));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.message).toContain('ECONNREFUSED');
  });

  const [address] = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4');
  const title = 'is reached over a network without TLS is warned of';
  if (address === undefined) it.skip(`${title} (this machine has no address but loopback)`, () => undefined);
  else
    it(title, async () => {
      const server = await serve({ args: ['--bind', '127.0.0.1', address.address, '--requirepass', 'secret'] });
      const { warnings } = await connect({ host: address.address, port: server.port, password: 'secret' });
      expect(warnings).toContainEqual(expect.stringContaining(`Redis at ${address.address} is used without TLS`));
    });
});

describe('a client of the user', () => {
  it('lends address and credentials, not its settings, and is not changed', async () => {
    const server = await serve({ args: ['--requirepass', 'secret'] });
    const client = new Redis({
      ...{ host: '127.0.0.1', port: server.port, password: 'secret', db: 2, lazyConnect: true },
      ...{ keyPrefix: 'mine:', commandTimeout: 1, enableAutoPipelining: true, stringNumbers: true },
    });
    const { redis } = await connect({ client });
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
    expect(client.status).toBe('wait');
    const bare = new Redis({ port: server.port, password: 'secret', db: 2 });
    closeLater(() => bare.quit());
    expect((await bare.keys('*')).sort()).toEqual(['{test}:count', '{test}:replies']);
  });

  it('can be one of a cluster', async () => {
    const server = await serve({ cluster: true });
    const client = new Cluster([{ host: '127.0.0.1', port: server.port }], { lazyConnect: true, keyPrefix: 'mine:' });
    const { redis } = connection({ client });
    expect(redis.sharded).toBe(true);
    await redis.connect();
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
    expect(await server.command('EXISTS', '{test}:count')).toBe(':1');
  });
});
