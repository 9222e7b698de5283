import { afterEach, describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { RedisStoreOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import type { RedisServer } from '../support/redis-server.js';
import { closeAll, closeLater, connect, FastClock, rejection, ROOT, serve } from './fixtures.js';
import { lackOfTls, tlsServer } from './tls-server.js';

const lack = await lackOfTls();
afterEach(closeAll);

const host = '127.0.0.1';
const REQUIRES = { code: 'TLS_MISMATCH', message: expect.stringContaining('requires TLS') };
const LACKS = { code: 'TLS_MISMATCH', message: expect.stringContaining('does not support TLS') };
const TOO_MANY = {
  code: 'STORE_UNAVAILABLE',
  message: expect.stringMatching(/max number of clients.*raise maxclients/),
};
const monitor = (port: number): string => `sentinel monitor main ${host} ${port} 1`;

/** Ways to name the server that is contacted first. */
const KINDS: [string, (port: number, tls?: { ca: string }) => RedisStoreOptions][] = [
  ['one server', (port, tls) => ({ host, port, ...(tls && { tls }) })],
  ['Sentinel', (port, tls) => ({ sentinels: [{ host, port }], sentinelName: 'main', ...(tls && { tls }) })],
  ['a cluster', (port, tls) => ({ cluster: [{ host, port }], ...(tls && { tls }) })],
  ['a client', (port, tls) => ({ client: new Redis({ host, port, lazyConnect: true, ...(tls && { tls }) }) })],
  [
    'a client of a cluster',
    (port, tls) => ({
      client: new Cluster([{ host, port }], { lazyConnect: true, redisOptions: { ...(tls && { tls }) } }),
    }),
  ],
];

/** Takes the only connection that a server still permits, and closes the others. */
async function occupy(server: RedisServer): Promise<void> {
  const only = createConnection(server.port, host);
  closeLater(async () => void only.destroy());
  only.write('CONFIG SET maxclients 1\r\n');
  await once(only, 'data');
  only.write('CLIENT KILL TYPE normal SKIPME yes\r\n');
  await once(only, 'data');
}

const failure = (options: RedisStoreOptions): Promise<unknown> =>
  rejection(connect(options, { clock: new FastClock() }));

describe.each(KINDS)('a connection to %s', (kind, optionsOf) => {
  (lack ? it.skip : it)('says that the server requires TLS, or does not support it', async () => {
    const cluster = /cluster/.test(kind);
    const sentinel = kind === 'Sentinel' ? { sentinel: [] } : {};
    const { port, ca } = await tlsServer({ cluster, ...sentinel });
    expect(await failure(optionsOf(port))).toMatchObject(REQUIRES);
    const plain = await serve({ cluster, ...sentinel });
    expect(await failure(optionsOf(plain.port, { ca }))).toMatchObject(LACKS);
  });
});

describe.each(KINDS.filter(([kind]) => kind !== 'Sentinel'))('a connection to %s', (kind, optionsOf) => {
  it('reports that the server accepts no more clients', async () => {
    const server = await serve({ cluster: /cluster/.test(kind) });
    await occupy(server);
    expect(await failure(optionsOf(server.port))).toMatchObject(TOO_MANY);
  });
});

describe('behind Sentinels that answer', () => {
  it('a primary that accepts no more clients is reported', async () => {
    const primary = await serve();
    const { port } = await serve({ sentinel: [monitor(primary.port)] });
    await occupy(primary);
    expect(await failure({ sentinels: [{ host, port }], sentinelName: 'main' })).toMatchObject(TOO_MANY);
  });

  (lack ? it.skip : it)('a primary that requires TLS is named', async () => {
    const primary = await tlsServer();
    const { port } = await serve({ sentinel: [monitor(primary.port)] });
    expect(await failure({ sentinels: [{ host, port }], sentinelName: 'main' })).toMatchObject(REQUIRES);
  });
});

it.each(['one server', 'a cluster'])(
  '%s that accepts no more clients later is reported at the next connect',
  async (kind) => {
    const server = await serve({ cluster: kind === 'a cluster' });
    const options = kind === 'a cluster' ? { cluster: [{ host, port: server.port }] } : { port: server.port };
    const { redis } = await connect(options, { clock: new FastClock() });
    await redis.run('count', ROOT, []);
    await occupy(server);
    // It may have been sent on the connection that was ended.
    await rejection(redis.run('count', ROOT, []));
    expect(await rejection(redis.run('count', ROOT, []))).toMatchObject(TOO_MANY);
  },
);
