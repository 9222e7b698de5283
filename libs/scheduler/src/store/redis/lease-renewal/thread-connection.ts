import { lookup } from 'node:dns';
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import {
  isCluster,
  openClient,
  SAFE,
  SAFE_CLUSTER,
  SENTINEL,
  type Client,
  type Driver,
  verified,
} from '../connection/open-client.js';
import type { ResolvedRedisOptions } from '../connection/redis-options.js';

/** The options of a client of the user. */
interface ClientCopy {
  kind: 'copy';
  /** null: not a cluster. */
  startupNodes: ConstructorParameters<typeof Cluster>[0] | null;
  options: Record<string, unknown>;
}

/** Connection options that can be sent to a thread. */
export type ThreadConnection = Exclude<ResolvedRedisOptions, { kind: 'client' }> | ClientCopy;

/** Options that `openThreadClient` replaces, or that only matter in the process that made the client. */
const REPLACED = new Set([
  ...Object.keys({ ...SAFE, ...SENTINEL, ...SAFE_CLUSTER }),
  ...['sentinelReconnectStrategy', 'preferredSlaves', 'resolveSrv'],
]);

/** @throws TypeError naming an option that cannot be sent to a thread */
export function threadConnection(options: ResolvedRedisOptions): ThreadConnection {
  if (options.kind !== 'client') {
    check('store.tls', 'tls' in options ? options.tls : undefined);
    return options;
  }
  const client = options.client as Client;
  if (!isCluster(client)) return { kind: 'copy', startupNodes: null, options: copy(client.options) };
  const { redisOptions, dnsLookup, ...others } = client.options;
  // With TLS, nodes are named by host, and openThreadClient sets the lookup.
  if (dnsLookup !== lookup && !redisOptions?.tls) check('dnsLookup', dnsLookup);
  // An undeclared property, from which ioredis makes duplicates.
  const { startupNodes } = client as unknown as Required<ClientCopy>;
  check('startupNodes', startupNodes);
  return { kind: 'copy', startupNodes, options: { ...copy(others), redisOptions: copy(redisOptions ?? {}) } };
}

/** A client for commands, not yet connected; with the same rules as `openClient`. */
export async function openThreadClient(connection: ThreadConnection, driver: Driver): Promise<Client> {
  if (connection.kind !== 'copy') return openClient(connection, () => Promise.resolve(driver));
  const { startupNodes, options } = connection;
  const own = startupNodes === null ? (options as RedisOptions) : (options.redisOptions as RedisOptions);
  const tls = verified(own.tls);
  const redisOptions = { ...own, ...SAFE, ...(tls && { tls }) };
  if (startupNodes === null) return new driver.Redis({ ...redisOptions, ...(options.sentinels ? SENTINEL : {}) });
  return new driver.Cluster(startupNodes, {
    ...options,
    ...SAFE_CLUSTER,
    redisOptions,
    ...(redisOptions.tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
  });
}

function copy(options: Partial<Redis['options']> | ClusterOptions): Record<string, unknown> {
  const copied: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (REPLACED.has(name) || value === undefined) continue;
    check(name, value);
    copied[name] = value;
  }
  return copied;
}

function check(name: string, value: unknown): void {
  const hasContext = typeof value === 'object' && value !== null && 'secureContext' in value;
  try {
    structuredClone(value);
    if (!hasContext) return;
  } catch {
    // The platform's message would show the value.
  }
  throw new TypeError(`${name} cannot be sent to a thread`);
}
