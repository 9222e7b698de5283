import type { ConnectionOptions } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import { isCluster, type Client } from './open-client.js';
import type { ResolvedRedisOptions } from './redis-options.js';

export interface Address {
  host: string;
  port: number;
  /** TLS options; undefined: without TLS. */
  tls: ConnectionOptions | undefined;
}

/** The addresses that a connection starts from. */
export interface Endpoints {
  /** The server, each of the Sentinels, or nodes of the cluster. */
  addresses: readonly Address[];
  /** With Sentinels: the name of the primary, the Sentinels' password, and TLS of the primary. */
  primary: { name: string; password: string | undefined; tls: ConnectionOptions | undefined } | null;
}

/** The endpoints of a connection, also of a client of the user. */
export function endpointsOf(options: ResolvedRedisOptions): Endpoints {
  if (options.kind === 'client') return endpointsOfClient(options.client as Client);
  const { tls } = options;
  if (options.kind === 'standalone') return { addresses: [addressOf(options, tls)], primary: null };
  if (options.kind === 'cluster')
    return { addresses: options.nodes.map((node) => addressOf(node, tls)), primary: null };
  const { name, sentinelPassword: password } = options;
  return { addresses: options.sentinels.map((each) => addressOf(each, tls)), primary: { name, password, tls } };
}

function endpointsOfClient(client: Client): Endpoints {
  if (isCluster(client)) {
    // An undeclared property of ioredis.
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
