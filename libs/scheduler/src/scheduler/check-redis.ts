import { SystemClock } from '../core/clock.js';
import { SchedulerError } from '../core/errors.js';
import { checkName } from '../core/names.js';
import { endpointsOf } from '../store/redis/connection/addresses.js';
import { ClientKeeper } from '../store/redis/connection/client-keeper.js';
import { diagnose } from '../store/redis/connection/diagnose.js';
import { openClient, type Client } from '../store/redis/connection/open-client.js';
import { preflight } from '../store/redis/connection/preflight.js';
import { toStoreError } from '../store/redis/connection/redis-errors.js';
import { resolveRedisOptions, type RedisStoreOptions } from '../store/redis/connection/redis-options.js';
import { luaScripts } from '../store/redis/lua-scripts.js';

/** What `checkRedis` found. A field is null if the user of the connection may not read it. */
export interface RedisCheck {
  /** Such as 'Redis 7.4.2' or 'Valkey 8.1.0'. */
  server: string;
  /** Bytes; 0: no limit. */
  maxMemory: number | null;
  evictionPolicy: string | null;
  hasAppendOnlyFile: boolean | null;
  /** What could lose executions or expose them, one sentence each. */
  warnings: readonly string[];
}

/**
 * Checks a Redis server, or each primary of a cluster, as a scheduler does at its start: version, eviction policy,
 * persistence, and the rights of the user. Writes nothing.
 * @param options as for `store: { type: 'redis', … }`
 * @param namespace whose keys the user must be allowed to use. Default 'default'
 * @throws InvalidOptionError, InvalidNameError, MissingDependencyError
 * @throws StoreUnavailableError, StoreLoadingError, StoreReadonlyError, StoreTlsError, StoreTlsMismatchError: no usable
 *   connection, at the first attempt
 * @throws StoreVersionError, StorePolicyError, StoreAccessError: a scheduler would refuse the server
 */
export async function checkRedis(options: RedisStoreOptions = {}, namespace = 'default'): Promise<RedisCheck> {
  const resolved = resolveRedisOptions(options);
  const root = `{${checkName(namespace, 'namespace')}}:`;
  const warnings: string[] = [];
  let keeper: ClientKeeper | undefined;
  try {
    const client = await new Promise<Client>((onReady, onLost) => {
      const explain = (error: Error): Promise<Error> => diagnose(error, endpointsOf(resolved));
      keeper = new ClientKeeper(() => openClient(resolved), new SystemClock(), { onReady, onLost, explain });
      keeper.start();
    });
    const facts = await preflight(client, {
      library: luaScripts().text,
      allowEviction: resolved.allowEviction,
      warn: (message) => warnings.push(message),
      probe: { key: `${root}m`, channel: `${root}fx` },
    });
    const { name, version, maxMemory, evictionPolicy, hasAppendOnlyFile } = facts;
    return { server: `${name} ${version}`, maxMemory, evictionPolicy, hasAppendOnlyFile, warnings };
  } catch (error) {
    throw error instanceof SchedulerError ? error : toStoreError(error as Error, null);
  } finally {
    keeper?.close();
  }
}
