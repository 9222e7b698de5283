import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from '@jest/globals';
import { deleteOldLibraries } from '../../libs/scheduler/src/store/redis/connection/old-libraries.js';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { luaScripts } from '../../libs/scheduler/src/store/redis/lua-scripts.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import type { RedisServer } from '../support/redis-server.js';
import { closeAll, closeLater, connect, libraryOf, proxyTo, rejection, ROOT, serve } from './fixtures.js';

const OTHER = 'feedfacecafebeef';

afterEach(closeAll);

/** Calls of a command since the last RESETSTAT. */
async function callsOf(server: RedisServer, command: string): Promise<number> {
  const stats = await server.command('INFO', 'commandstats');
  const line = stats.split('\r\n').find((each) => each.startsWith(`cmdstat_${command}:`));
  return Number(/calls=(\d+)/.exec(line ?? '')?.[1] ?? 0);
}

async function librariesOf(server: RedisServer): Promise<string[]> {
  const list = await server.command('FUNCTION', 'LIST');
  return [...new Set(list.match(/\bscheduler_\w+/g) ?? [])].sort();
}

const times = <T>(count: number, run: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, () => run()));

async function openStore(url: string, namespace = 'library'): Promise<RedisTaskStore> {
  const store = new RedisTaskStore({
    connection: resolveRedisOptions({ url }),
    ...{ namespace, lease: 15_000, maxAttemptDuration: 3_600_000 },
    history: { count: 1000, age: null, bytes: null },
  });
  closeLater(() => store.close());
  await store.open();
  return store;
}

describe('the library', () => {
  it('is loaded into a server once, however many calls find it missing, and again after a flush', async () => {
    const server = await serve();
    const { redis, warnings } = await connect({ url: server.url });
    for (let round = 1; round <= 3; round++) {
      await server.command('FUNCTION', 'FLUSH');
      await server.command('CONFIG', 'RESETSTAT');
      await times(500, () => redis.run('count', ROOT, []));
      expect(await callsOf(server, 'function|load')).toBe(1);
      expect(await redis.run('read', ROOT, ['count'])).toBe(`${500 * round}`);
    }
    const flushes = times(20, () => server.command('FUNCTION', 'FLUSH'));
    const counted = times(2000, () => redis.run('count', ROOT, []));
    await Promise.all([flushes, counted]);
    expect(await redis.run('read', ROOT, ['count'])).toBe('3500');
    expect(warnings.filter((text) => text.includes('functions'))).toEqual([]);
  });

  it('is loaded for all when several processes load it at the same time', async () => {
    const server = await serve();
    const nodes = await times(5, () => connect({ url: server.url }));
    await Promise.all(nodes.map(({ redis }) => times(100, () => redis.run('count', ROOT, []))));
    expect(await nodes[0]!.redis.run('read', ROOT, ['count'])).toBe('500');
    expect(await callsOf(server, 'evalsha')).toBe(0);
    expect(nodes.flatMap(({ warnings }) => warnings.filter((text) => text.includes('functions')))).toEqual([]);
  });

  it('survives FLUSHALL, and coexists with that of another release', async () => {
    const server = await serve();
    const [old, next] = await Promise.all(
      ['old', 'next'].map((release) => connect({ url: server.url }, {}, libraryOf(release))),
    );
    await old!.redis.run('count', ROOT, []);
    await server.command('FLUSHALL');
    await next!.redis.run('count', ROOT, []);
    expect(await old!.redis.run('count', ROOT, [])).toBe(2);
    expect(await librariesOf(server)).toEqual(['scheduler_next', 'scheduler_old']);
    expect(await callsOf(server, 'function|load')).toBe(2);
  });

  it('is loaded again if the connection broke while it was loaded', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    const dropped = proxy.dropReplyTo('scheduler_test');
    const counted = times(10, () => redis.run('once', ROOT, ['operation']));
    await dropped;
    expect(await counted).toEqual(Array(10).fill(1));
  });

  it('serves all namespaces and databases of one server', async () => {
    const server = await serve();
    const stores = [
      await openStore(server.url, 'a'),
      await openStore(server.url, 'b'),
      await openStore(`${server.url}/1`, 'a'),
    ];
    for (const [index, store] of stores.entries()) {
      await store.acquireLock('key', `owner ${index}`, 10_000, 0);
      expect((await store.getLock('key'))?.owner).toBe(`owner ${index}`);
    }
    expect(await librariesOf(server)).toEqual([luaScripts().name]);
  });

  it('keeps nothing of a call for the next one, also after a failure', async () => {
    const server = await serve();
    const [one, other] = [await openStore(server.url, 'a'), await openStore(server.url, 'b')];
    const grant = await one.acquireLock('key', 'owner', 10_000, 0);
    // The key of the lock is no hash any more.
    await server.command('RENAME', '{a}:l', '{a}:kept');
    await server.command('SET', '{a}:l', 'x');
    expect(await rejection(one.acquireLock('key', 'another', 10_000, 0))).toMatchObject({
      code: 'STORE_SCRIPT_FAILED',
    });
    expect(await other.acquireLock('key', 'another', 10_000, 0)).not.toBeNull();
    await server.command('RENAME', '{a}:kept', '{a}:l');
    expect(await one.acquireLock('key', 'another', 10_000, 0)).toBeNull();
    expect(await one.releaseLock('key', 'owner', grant!.fencingToken)).toBe(true);
  });
});

it('a verb that fails because of a bug has another code than a missing function', async () => {
  const server = await serve();
  await openStore(server.url);
  const client = new Redis(server.port);
  closeLater(async () => client.disconnect());
  const name = luaScripts().scripts.get('exchange')!.function;
  const { message } = await rejection(client.call('FCALL', name, '1', '{library}:'));
  expect(message).toMatch(/^FAILED user_function:\d+: /);
  expect(await client.info('errorstats')).toContain('errorstat_FAILED:count=1');
});

describe('on servers that do not permit functions', () => {
  it.each([
    ['+@all', '-fcall'],
    ['+@all', '-function|load'],
  ])('the same verbs are sent as scripts, and one line reports it: %s %s', async (...rights) => {
    const server = await serve();
    await server.command('ACL', 'SETUSER', 'default', ...rights);
    const { redis, warnings } = await connect({ url: server.url });
    await times(500, () => redis.run('count', ROOT, []));
    expect(warnings.filter((text) => text.includes('functions'))).toEqual([
      expect.stringMatching(/^functions cannot be used on this server, scripts are sent instead: NOPERM/),
    ]);
    for (let round = 1; round <= 3; round++) {
      await server.command('SCRIPT', 'FLUSH');
      await server.command('CONFIG', 'RESETSTAT');
      await times(500, () => redis.run('count', ROOT, []));
      expect(await callsOf(server, 'eval')).toBe(1);
      expect(await callsOf(server, 'fcall')).toBe(0);
      expect(await redis.run('read', ROOT, ['count'])).toBe(`${500 + 500 * round}`);
    }
  });

  it('old nodes with scripts and new ones with functions work on the same data', async () => {
    const server = await serve();
    const now = await openStore(server.url);
    await server.command('ACL', 'SETUSER', 'before', 'on', '>secret', '~*', '&*', '+@all', '-fcall');
    const before = await openStore(server.url.replace('//', '//before:secret@'));
    const grant = await before.acquireLock('key', 'before', 10_000, 0);
    expect(await now.acquireLock('key', 'now', 10_000, 0)).toBeNull();
    expect(await now.releaseLock('key', 'before', grant!.fencingToken)).toBe(true);
    expect(await callsOf(server, 'fcall')).toBeGreaterThan(0);
    expect((await callsOf(server, 'evalsha')) + (await callsOf(server, 'eval'))).toBeGreaterThan(0);
  });

  it('a full server that lost the library still drains', async () => {
    const server = await serve();
    const { redis, warnings } = await connect({ url: server.url });
    await redis.run('count', ROOT, []);
    await server.command('FUNCTION', 'FLUSH');
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await redis.run('settle', ROOT, ['a', 'b']);
    expect(await redis.run('read', ROOT, ['a'])).toBe('b');
    expect(await rejection(redis.run('fill', ROOT, ['a', 'c']))).toMatchObject({ code: 'STORE_FULL' });
    expect(warnings.filter((text) => text.includes('functions'))).toHaveLength(1);
  });
});

describe('a library that is no longer called', () => {
  it('is deleted, those in use stay, and a process that still needs it loads it again', async () => {
    const server = await serve();
    const client = new Redis(server.port);
    closeLater(async () => client.disconnect());
    await openStore(server.url);
    // Another build of the same verbs, in a separate namespace.
    const { name, text } = luaScripts();
    const digest = name.replace('scheduler_', '');
    await server.command('FUNCTION', 'LOAD', text.replaceAll(digest, OTHER));
    const clean = (unused: number): Promise<string[]> => deleteOldLibraries(client, name, unused);

    expect(await clean(1)).toEqual([]);
    // By the server's clock: until a second has passed without a call.
    let deleted: string[] = [];
    while (deleted.length === 0) deleted = await clean(1);
    expect(deleted).toEqual([`scheduler_${OTHER}`]);
    expect(await librariesOf(server)).toEqual([name]);

    await server.command('FUNCTION', 'LOAD', text.replaceAll(digest, OTHER));
    await clean(60);
    const until = Date.now() + 2_500;
    while (Date.now() < until) {
      await client.call('FCALL', `${OTHER}_ping`, '1', ROOT);
      expect(await clean(2)).toEqual([]);
    }
  });
});
