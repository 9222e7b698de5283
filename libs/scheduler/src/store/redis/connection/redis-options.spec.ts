import { describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { InvalidOptionError } from '../../../core/errors.js';
import { maskUrl, resolveRedisOptions, type RedisStoreOptions } from './redis-options.js';

const SECRET = 'canary-secret';

describe('resolveRedisOptions', () => {
  it('has a default for everything', () => {
    expect(resolveRedisOptions()).toEqual({
      kind: 'standalone',
      host: '127.0.0.1',
      port: 6379,
      db: 0,
      allowEviction: false,
    });
  });

  it.each<[string, RedisStoreOptions, object]>([
    ['a url', { url: 'redis://redis.local' }, { host: 'redis.local', port: 6379, db: 0 }],
    [
      'a url with all its parts',
      { url: 'rediss://app:p%40ss@10.0.0.1:6390/5' },
      { host: '10.0.0.1', port: 6390, db: 5, username: 'app', password: 'p@ss', tls: {} },
    ],
    ['a url with a password only', { url: 'redis://:pw@h/' }, { host: 'h', password: 'pw' }],
    ['an IPv6 url', { url: 'redis://[::1]:7000' }, { host: '::1', port: 7000 }],
    [
      'fields over the parts of a url',
      { url: 'redis://a:b@h:1/2', host: 'i', port: 3, db: 4, username: 'c', password: 'd', tls: { ca: 'x' } },
      { host: 'i', port: 3, db: 4, username: 'c', password: 'd', tls: { ca: 'x' } },
    ],
    ['tls without options', { tls: true }, { tls: {} }],
  ])('accepts %s', (_, options, expected) => {
    expect(resolveRedisOptions(options)).toMatchObject({ kind: 'standalone', ...expected });
  });

  it('accepts Sentinels, a cluster and a client', () => {
    expect(
      resolveRedisOptions({ sentinels: [{ host: 'a' }], sentinelName: 'main', sentinelPassword: 's', db: 1 }),
    ).toEqual({
      kind: 'sentinel',
      sentinels: [{ host: 'a', port: 26_379 }],
      name: 'main',
      sentinelPassword: 's',
      db: 1,
      allowEviction: false,
    });
    expect(resolveRedisOptions({ cluster: [{ host: 'a', port: 1 }, { host: 'b' }], password: 'p' })).toEqual({
      kind: 'cluster',
      nodes: [
        { host: 'a', port: 1 },
        { host: 'b', port: 6379 },
      ],
      password: 'p',
      allowEviction: false,
    });
    const redis = new Redis({ lazyConnect: true });
    expect(resolveRedisOptions({ client: redis, allowEviction: true })).toEqual({
      kind: 'client',
      client: redis,
      allowEviction: true,
    });
    const cluster = new Cluster([{ port: 1 }], { lazyConnect: true });
    expect(resolveRedisOptions({ client: cluster })).toMatchObject({ kind: 'client' });
    redis.disconnect();
    cluster.disconnect();
  });

  it('ignores `type`, which selects the store, and undefined values', () => {
    expect(
      resolveRedisOptions({ type: 'redis', url: undefined, anything: undefined } as RedisStoreOptions),
    ).toMatchObject({ kind: 'standalone' });
  });

  it.each<[string, unknown, string]>([
    ['no object', 'redis://h', 'store'],
    ['an unknown field', { hots: 'h' }, 'store.hots'],
    ['another scheme', { url: `htp://u:${SECRET}@h` }, 'store.url'],
    ['no url', { url: `redis:/${SECRET}@` }, 'store.url'],
    ['a url without a host', { url: `redis://:${SECRET}@/1` }, 'store.url'],
    ['a url with a query', { url: `redis://h?password=${SECRET}` }, 'store.url'],
    ['a url with a path', { url: `redis://u:${SECRET}@h/queue` }, 'store.url'],
    ['a url with a port out of range', { url: `redis://u:${SECRET}@h:99999` }, 'store.url'],
    ['a url with port 0', { url: `redis://u:${SECRET}@h:0` }, 'store.url'],
    ['a url with a broken escape', { url: `redis://u:${SECRET}%zz@h` }, 'store.url'],
    ['a url that is no text', { url: 1 }, 'store.url'],
    ['a database out of range', { url: `redis://u:${SECRET}@h/99999` }, 'store.db'],
    ['a port out of range', { port: 99_999 }, 'store.port'],
    ['a port as text', { port: '6379' }, 'store.port'],
    ['an empty host', { host: '' }, 'store.host'],
    ['an empty password', { password: '' }, 'store.password'],
    ['a password that is no text', { password: [SECRET] }, 'store.password'],
    ['a database below 0', { db: -1 }, 'store.db'],
    ['a database of a cluster', { cluster: [{ host: 'h' }], db: 1 }, 'store.db'],
    ['tls that is no option', { tls: 'yes' }, 'store.tls'],
    ['certificates that are not looked at', { tls: { rejectUnauthorized: false } }, 'store.tls.rejectUnauthorized'],
    ['no Sentinel', { sentinels: [], sentinelName: 'main' }, 'store.sentinels'],
    ['Sentinels without the name', { sentinels: [{ host: 'h' }] }, 'store.sentinelName'],
    ['a Sentinel without a host', { sentinels: [{ port: 1 }], sentinelName: 'm' }, 'store.sentinels[0].host'],
    ['a node that is none', { cluster: ['h:1'] }, 'store.cluster[0].host'],
    ['a node with a bad port', { cluster: [{ host: 'h' }, { host: 'h', port: 0 }] }, 'store.cluster[1].port'],
    ['two ways at once', { cluster: [{ host: 'h' }], url: `redis://u:${SECRET}@h` }, 'store.cluster'],
    ['a client that is none', { client: { get: () => SECRET } }, 'store.client'],
    ['null for a client', { client: null }, 'store.client'],
    ['a flag that is none', { allowEviction: 'yes' }, 'store.allowEviction'],
  ])('refuses %s, and names the field without a secret', (_, options, field) => {
    let error: unknown;
    try {
      resolveRedisOptions(options as RedisStoreOptions);
    } catch (reason) {
      error = reason;
    }
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ code: 'INVALID_OPTION', field });
    const { message, details } = error as InvalidOptionError;
    expect(message + JSON.stringify(details)).not.toContain(SECRET);
  });

  it('refuses credentials in addition to a client', () => {
    const client = new Redis({ lazyConnect: true });
    expect(() => resolveRedisOptions({ client, password: SECRET })).toThrow(/^store\.password: /);
    client.disconnect();
  });
});

describe('maskUrl', () => {
  it.each([
    ['redis://u:p@host:1/2', 'redis://***@host:1/2'],
    ['redis://host', 'redis://host'],
    ['u:p@host', '***@host'],
    ['redis://u:p@ss@host', 'redis://***@host'],
    ['redis://h?password=p', 'redis://h?***'],
    [`redis://${'h'.repeat(100)}`, `redis://${'h'.repeat(69)}...`],
  ])('%s', (url, masked) => {
    expect(maskUrl(url)).toBe(masked);
  });
});
