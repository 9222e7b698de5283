import type { ConnectionOptions } from 'node:tls';
import type { Cluster, ClusterOptions, Command, Redis, RedisOptions } from 'ioredis';
import { MissingDependencyError, StoreAccessError } from '../../../core/errors.js';
import { isPackageMissing } from '../../../core/missing-package.js';
import { isDemotion, reasonOf } from './redis-errors.js';
import type { IoredisClient, ResolvedRedisOptions } from './redis-options.js';

export type Client = Redis | Cluster;

/** The used parts of ioredis, an optional peer: loaded here only, when a Redis store is opened. */
export interface Driver {
  Redis: typeof Redis;
  Cluster: typeof Cluster;
  Command: typeof Command;
}

export const CONNECT_TIMEOUT_MS = 3_000;
export const SOCKET_TIMEOUT_MS = 3_000;

/**
 * Options of a client for one connection: it never reconnects and never repeats a command, so nothing runs twice unnoticed
 * and nothing waits forever. Its user opens the next one.
 */
export const SAFE = {
  lazyConnect: true,
  retryStrategy: null,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  // A former primary: disconnect. 1 rejects the command, 2 would repeat it.
  reconnectOnError: (error: Error) => (isDemotion(error.message) ? 1 : false),
  // Its replies show whether a server is loading its data.
  enableReadyCheck: false,
  connectTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SOCKET_TIMEOUT_MS,
  disconnectTimeout: 200,
  keepAlive: 10_000,
  noDelay: true,
  connectionName: 'scheduler',
  protocol: 3,
  replyMapping: 'legacy',
  // Options of a client of the user that would break scripts.
  keyPrefix: '',
  stringNumbers: false,
  readOnly: false,
  monitor: false,
  commandTimeout: undefined,
  blockingTimeout: undefined,
  showFriendlyErrorStack: false,
  scripts: undefined,
  himportFieldsets: undefined,
} satisfies RedisOptions;

/** Only the ready check shows whether the server is still the primary. */
export const SENTINEL = {
  enableReadyCheck: true,
  maxLoadingRetryTime: 200,
  sentinelRetryStrategy: () => null,
  sentinelCommandTimeout: SOCKET_TIMEOUT_MS,
  role: 'master',
} satisfies RedisOptions;

export const SAFE_CLUSTER = {
  lazyConnect: true,
  clusterRetryStrategy: () => null,
  clusterNodeRetryStrategy: null,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  enableReadyCheck: true,
  // These would repeat commands that may have run.
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  slotsRefreshTimeout: 2_000,
  scaleReads: 'master',
  shardedSubscribers: false,
  keyPrefix: '',
  scripts: undefined,
  himportFieldsets: undefined,
} satisfies ClusterOptions;

let inUse: Driver | null = null;

/** ioredis as loaded; null: not loaded yet. */
export function driverInUse(): Driver | null {
  return inUse;
}

/** The catch tells bundlers that the package is optional. */
function importDriver(): Promise<Driver & { default?: Driver }> {
  return import('ioredis').catch((error: Error) => {
    throw error;
  });
}

/** @throws MissingDependencyError if ioredis is not installed */
export async function loadDriver(load = importDriver): Promise<Driver> {
  try {
    const loaded = await load();
    // It exports a class, which has the others as properties. Some bundlers (ncc) then pass on `default` only.
    return (inUse = loaded.Command === undefined ? loaded.default! : loaded);
  } catch (error) {
    if (isPackageMissing(error, 'ioredis')) throw new MissingDependencyError('ioredis', "store 'redis'");
    throw error;
  }
}

/** A client for commands, not yet connected. */
export async function openClient(options: ResolvedRedisOptions, load = loadDriver): Promise<Client> {
  const { Redis, Cluster } = await load();
  switch (options.kind) {
    case 'client':
      return duplicate(options.client as Client);
    case 'cluster':
      return new Cluster([...options.nodes], {
        ...SAFE_CLUSTER,
        redisOptions: { ...SAFE, ...credentialsOf(options) },
        // Certificates are issued for host names.
        ...(options.tls === undefined ? {} : { dnsLookup: (host, done) => done(null, host) }),
      });
    case 'sentinel':
      return new Redis({
        ...SAFE,
        ...SENTINEL,
        ...credentialsOf(options),
        sentinels: [...options.sentinels],
        name: options.name,
        db: options.db,
        ...(options.sentinelPassword === undefined ? {} : { sentinelPassword: options.sentinelPassword }),
        ...(options.tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: options.tls }),
      });
    case 'standalone':
      return new Redis({
        ...SAFE,
        ...credentialsOf(options),
        host: options.host,
        port: options.port,
        db: options.db,
      });
  }
}

/** A client for the one node of a cluster that has the slot of `key`, not yet connected. */
export async function openSlotOwner(cluster: Cluster, key: string): Promise<Redis> {
  const { Command } = await loadDriver();
  const owner = cluster.slots[new Command('get', [key]).getSlot()]?.[0];
  const node = cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === owner);
  if (node === undefined) throw new Error('no node has the slot');
  return node.duplicate({ ...SAFE });
}

export function isCluster(client: IoredisClient): client is Cluster {
  return client.isCluster;
}

/**
 * Selects the configured database of a connected client.
 * @throws StoreAccessError if the server has no such database, or forbids it
 */
export async function selectDatabase(client: Client): Promise<void> {
  const db = isCluster(client) ? 0 : (client.options.db ?? 0);
  if (db === 0) return;
  try {
    await (client as Redis).select(db);
  } catch (error) {
    const { message } = error as Error;
    const isForbidden = /^(?:NOPERM\b|ERR unknown command)/i.test(message);
    if (!isForbidden && !/^ERR\b.*(?:index|database|SELECT)/i.test(message)) throw error;
    throw new StoreAccessError(
      `database ${db} cannot be used: ${reasonOf(error as Error)}`,
      isForbidden ? ['SELECT'] : [],
    );
  }
}

/** Closes a client and its sockets at once, even if the server does not respond. */
export function destroyClient(client: Client): void {
  const connections = isCluster(client) ? [...client.nodes('all'), ...ownSubscriberOf(client)] : [client];
  client.disconnect();
  for (const connection of connections as unknown as Internals[]) {
    connection.stream?.destroy();
    // ioredis 5 leaves the timer running, which keeps the process alive.
    clearTimeout(connection.socketTimeoutTimer);
  }
}

/** Undeclared properties of a client. */
interface Internals {
  readonly stream?: { destroy(): void };
  readonly socketTimeoutTimer?: NodeJS.Timeout;
}

/** The undeclared extra connection of a cluster client, which it would give two seconds to end. */
function ownSubscriberOf(cluster: Cluster): Redis[] {
  const { subscriber } = cluster as unknown as { subscriber?: { getInstance?: () => Redis | null } };
  const instance = subscriber?.getInstance?.();
  return instance ? [instance] : [];
}

function duplicate(client: Client): Client {
  if (isCluster(client)) {
    const tls = verified(client.options.redisOptions?.tls);
    // ioredis 5 replaces the client's options by these, ioredis 6 merges them.
    const redisOptions = { ...client.options.redisOptions, ...SAFE, ...(tls && { tls }) };
    return client.duplicate([], { ...SAFE_CLUSTER, redisOptions });
  }
  const tls = verified(client.options.tls);
  return client.duplicate({ ...SAFE, ...(tls && { tls }), ...(client.options.sentinels ? SENTINEL : {}) });
}

/** Verifies certificates unless the client itself disables it; ignores NODE_TLS_REJECT_UNAUTHORIZED. */
export function verified(tls: ConnectionOptions | undefined): ConnectionOptions | undefined {
  return tls && { rejectUnauthorized: true, ...tls };
}

function credentialsOf({
  username,
  password,
  tls,
}: Exclude<ResolvedRedisOptions, { kind: 'client' }>): Partial<RedisOptions> {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  };
}
