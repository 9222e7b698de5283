import type { ConnectionOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import { isCluster, type Client } from './open-client.js';
import type { ResolvedRedisOptions } from './redis-options.js';

export interface Address {
  host: string;
  port: number;
  /** How it is asked by TLS; undefined: without. */
  tls: ConnectionOptions | undefined;
}

/** Where a connection begins. */
export interface Entrances {
  /** The server, each of the Sentinels, or nodes of the cluster. */
  addresses: readonly Address[];
  /** Of Sentinels: what they are asked for the primary by, and how that one is connected to. */
  primary: { name: string; password: string | undefined; tls: ConnectionOptions | undefined } | null;
}

/** The addresses of a connection, also where a client of the user's has them. */
export function entrancesOf(options: ResolvedRedisOptions): Entrances {
  if (options.kind === 'client') return entrancesOfClient(options.client as Client);
  const { tls } = options;
  if (options.kind === 'standalone') return { addresses: [addressOf(options, tls)], primary: null };
  if (options.kind === 'cluster')
    return { addresses: options.nodes.map((node) => addressOf(node, tls)), primary: null };
  const { name, sentinelPassword: password } = options;
  return { addresses: options.sentinels.map((each) => addressOf(each, tls)), primary: { name, password, tls } };
}

function entrancesOfClient(client: Client): Entrances {
  if (isCluster(client)) {
    // Its own list of nodes, which it shows to nobody.
    const { startupNodes = [] } = client as unknown as { startupNodes?: unknown[] };
    const { tls } = client.options.redisOptions ?? {};
    const nodes = startupNodes.filter((node) => typeof node === 'object' && node !== null) as RedisOptions[];
    return { addresses: nodes.map((node) => addressOf(node, tls)), primary: null };
  }
  const { sentinels, name, sentinelPassword, enableTLSForSentinelMode, sentinelTLS, tls, path } = client.options;
  if (path) return { addresses: [], primary: null };
  if (!sentinels) return { addresses: [addressOf(client.options, tls)], primary: null };
  return {
    addresses: sentinels.map((each) =>
      addressOf({ port: 26_379, ...each }, enableTLSForSentinelMode ? sentinelTLS : undefined),
    ),
    primary: { name: name!, password: sentinelPassword ?? undefined, tls },
  };
}

function addressOf({ host = '127.0.0.1', port = 6379 }: RedisOptions, tls: ConnectionOptions | undefined): Address {
  return { host, port, tls };
}
