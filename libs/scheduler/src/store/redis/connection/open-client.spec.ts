import { describe, expect, it } from '@jest/globals';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { MissingDependencyError } from '../../../core/errors.js';
import { destroyClient, loadDriver, openClient, type Driver } from './open-client.js';
import { resolveRedisOptions, type RedisStoreOptions } from './redis-options.js';

/** reliability: a command is never sent twice by the client, never waits in it, and a dead socket is noticed. */
const RULES = {
  lazyConnect: true,
  retryStrategy: null,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  socketTimeout: 3000,
  connectTimeout: 3000,
  keepAlive: 10_000,
  commandTimeout: undefined,
  keyPrefix: '',
};

async function optionsOf(options: RedisStoreOptions): Promise<RedisOptions> {
  const client = await openClient(resolveRedisOptions(options));
  destroyClient(client);
  return client instanceof Redis ? client.options : client.options.redisOptions!;
}

describe('a client that the library creates', () => {
  const user = new Redis({ lazyConnect: true, maxRetriesPerRequest: 20, keyPrefix: 'mine:', commandTimeout: 5 });
  const users = new Cluster([{ port: 1 }], {
    lazyConnect: true,
    retryDelayOnFailover: 100,
    redisOptions: { password: 'secret', keyPrefix: 'mine:', socketTimeout: 1 },
  });
  const sentinels = [{ host: 'h' }];

  it.each<[string, RedisStoreOptions]>([
    ['one server', {}],
    ['Sentinels', { sentinels, sentinelName: 'main' }],
    ['a cluster', { cluster: sentinels }],
    ['a Redis of the user', { client: user }],
    ['a Cluster of the user', { client: users }],
  ])('has the required settings, for %s', async (_, options) => {
    expect(await optionsOf(options)).toMatchObject(RULES);
  });

  it('never retries in a cluster by itself', async () => {
    for (const options of [{ cluster: sentinels }, { client: users }]) {
      const client = (await openClient(resolveRedisOptions(options))) as Cluster;
      expect(client.options).toMatchObject({
        retryDelayOnFailover: 0,
        retryDelayOnClusterDown: 0,
        enableOfflineQueue: false,
        scaleReads: 'master',
      });
      expect(client.options.clusterRetryStrategy!(1)).toBeNull();
      destroyClient(client);
    }
  });

  it('leaves a server that is no primary, without resending', async () => {
    const { reconnectOnError } = await optionsOf({});
    for (const message of ['READONLY no', 'MASTERDOWN no', 'UNBLOCKED no'])
      expect(reconnectOnError!(new Error(message))).toBe(1);
    expect(reconnectOnError!(new Error('ERR no'))).toBe(false);
  });

  it('has the given credentials, and those of a client of the user', async () => {
    expect(await optionsOf({ username: 'u', password: 'p', tls: { ca: 'x' } })).toMatchObject({
      username: 'u',
      password: 'p',
      tls: { ca: 'x' },
    });
    expect(await optionsOf({ client: users })).toMatchObject({ password: 'secret' });
    const bySentinel = await optionsOf({ sentinels, sentinelName: 'main', sentinelPassword: 's', tls: true });
    expect(bySentinel).toMatchObject({ name: 'main', sentinelPassword: 's', enableTLSForSentinelMode: true });
  });
});

const withCode = (code: string, message: string): Error => Object.assign(new Error(message), { code });

describe('loadDriver', () => {
  it('reports what to install if ioredis is missing', async () => {
    const missing = withCode('ERR_MODULE_NOT_FOUND', "Cannot find package 'ioredis' imported from /app/main.js");
    const error: unknown = await loadDriver(() => Promise.reject(missing)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MissingDependencyError);
    expect(error).toMatchObject({
      code: 'MISSING_DEPENDENCY',
      message: "store 'redis' needs the package 'ioredis': npm install ioredis",
    });
  });

  it('does not report another failure as a missing package', async () => {
    for (const broken of [new Error('broken'), withCode('MODULE_NOT_FOUND', "Cannot find module './1.main.js'")])
      await expect(loadDriver(() => Promise.reject(broken))).rejects.toBe(broken);
  });

  it('finds ioredis if a bundler passes on its default export only', async () => {
    const whole = await loadDriver();
    const { default: exported } = whole as unknown as { default: Driver };
    expect(await loadDriver(() => Promise.resolve({ default: exported } as unknown as Driver))).toBe(exported);
    expect([exported.Redis, exported.Cluster, exported.Command]).toEqual([whole.Redis, whole.Cluster, whole.Command]);
  });
});
