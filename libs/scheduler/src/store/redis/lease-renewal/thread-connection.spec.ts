import { describe, expect, it } from '@jest/globals';
import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { destroyClient, loadDriver, openClient, type Client } from '../connection/open-client.js';
import { resolveRedisOptions, type RedisStoreOptions } from '../connection/redis-options.js';
import { openThreadClient, threadConnection } from './thread-connection.js';

const lazy = { lazyConnect: true } as const;
const resolved = (options: RedisStoreOptions) => resolveRedisOptions(options);

/** The options of a client, without functions: those are ours or the defaults. */
function plain(client: Client): unknown {
  const { options } = client;
  destroyClient(client);
  return JSON.parse(JSON.stringify({ ...options, startupNodes: (client as { startupNodes?: unknown }).startupNodes }));
}

const redis = (options: RedisOptions): RedisStoreOptions => ({ client: new Redis({ ...lazy, ...options }) });
const cluster = (options: ClusterOptions): RedisStoreOptions => ({
  client: new Cluster([{ host: 'a', port: 7000 }, 'redis://b:7001'], { ...lazy, ...options }),
});
const byName: ClusterOptions['dnsLookup'] = (host, done) => done(null, host);

describe('threadConnection', () => {
  it.each<[string, RedisStoreOptions]>([
    ['one server', { url: 'rediss://me:secret@h:1/2', tls: { ca: 'ca' } }],
    ['Sentinels', { sentinels: [{ host: 'h' }], sentinelName: 'main', password: 'secret' }],
    ['a cluster', { cluster: [{ host: 'h' }], password: 'secret' }],
    ['a Redis of the user', redis({ host: 'h', password: 'secret', db: 3, family: 6, retryStrategy: () => 1 })],
    ['a Redis of the user behind a socket', redis({ path: 'redis.sock', username: 'me', tls: { ca: 'ca' } })],
    ['Sentinels of the user', redis({ sentinels: [{ host: 'h', port: 1 }], name: 'main', sentinelPassword: 'secret' })],
    ['a Cluster of the user', cluster({ redisOptions: { password: 'secret', tls: {} }, dnsLookup: byName })],
    ['a plain Cluster of the user', cluster({ natMap: { 'a:1': { host: 'b', port: 2 } } })],
  ])('can be sent to a thread, and connects as the store does: %s', async (_, options) => {
    const sent = structuredClone(threadConnection(resolved(options)));
    expect(plain(await openThreadClient(sent, await loadDriver()))).toEqual(plain(await openClient(resolved(options))));
  });

  it('names nodes by host if they have certificates', async () => {
    const sent = threadConnection(resolved(cluster({ redisOptions: { tls: {} }, dnsLookup: byName })));
    const client = (await openThreadClient(structuredClone(sent), await loadDriver())) as Cluster;
    destroyClient(client);
    const address = await new Promise((resolve) =>
      client.options.dnsLookup!('node.example', (_, host) => resolve(host)),
    );
    expect(address).toBe('node.example');
  });

  it.each<[string, RedisStoreOptions]>([
    ['store.tls', { tls: { checkServerIdentity: () => undefined } }],
    ['store.tls', { tls: { secureContext: {} as never } }],
    ['Connector', redis({ Connector: class {} as never })],
    ['tls', redis({ tls: { checkServerIdentity: () => undefined } })],
    ['natMap', cluster({ natMap: () => null })],
    ['dnsLookup', cluster({ dnsLookup: byName })],
  ])('names what cannot be sent: %s', (name, options) => {
    expect(() => threadConnection(resolved(options))).toThrow(`${name} cannot be sent to a thread`);
  });
});
