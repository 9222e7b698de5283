import type { Redis } from 'ioredis';
import { StoreLoadingError, StorePolicyError, StoreReadonlyError } from '../../../core/errors.js';
import { isCluster, type Client } from './open-client.js';
import { isForbidden } from './redis-errors.js';
import { checkRights, type RightsProbe } from './rights.js';
import { checkVersion, exposureOf, readHello, readInfo, vulnerabilitiesOf, type ServerFacts } from './server-facts.js';

export type { RightsProbe, ServerFacts };

export interface PreflightOptions {
  /** The text of the library. */
  library: string;
  allowEviction: boolean;
  warn: (message: string) => void;
  probe: RightsProbe | null;
}

/**
 * Checks the server, or each primary of a cluster, before it is used. Settings that lose data are refused or logged as one
 * warning each, also checks that are forbidden.
 * @returns the facts about the first server
 * @throws StoreVersionError, StorePolicyError, StoreReadonlyError, StoreLoadingError, StoreAccessError
 */
export async function preflight(client: Client, options: PreflightOptions): Promise<ServerFacts> {
  const warned = new Set<string>();
  const warn = (message: string): void => {
    if (!warned.has(message)) options.warn(message);
    warned.add(message);
  };
  const nodes = isCluster(client) ? client.nodes('master') : [client];
  const facts = await Promise.all(nodes.map((node) => lookAt(node, { ...options, warn })));
  if (options.probe !== null) await checkRights(client, options.library, options.probe, isCluster(client));
  return facts[0]!;
}

async function lookAt(node: Redis, { allowEviction, warn }: PreflightOptions): Promise<ServerFacts> {
  const facts = await ask(node, warn);
  checkVersion(facts);
  if (facts.isLoading) throw new StoreLoadingError('it is loading its files');
  if (!facts.isPrimary) throw new StoreReadonlyError('the server is a replica');
  checkEviction(facts, allowEviction, warn);
  const loss = await dataLossWarning(node, facts);
  if (loss !== null) warn(loss);
  const known = vulnerabilitiesOf(facts);
  if (known.length > 0)
    warn(
      `STORE_VERSION_VULNERABLE: ${facts.name} ${facts.version} has ${known.join(', ')}, unless its packager has fixed it`,
    );
  const exposure = exposureOf(node.stream.remoteAddress, Boolean(node.options.password), Boolean(node.options.tls));
  if (exposure !== null) warn(exposure);
  return facts;
}

async function ask(node: Redis, warn: (message: string) => void): Promise<ServerFacts> {
  try {
    return readInfo(await node.info());
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
  warn('INFO is forbidden to this user: eviction policy and persistence of the server were not checked');
  return readHello(await node.call('HELLO'));
}

/** Without maxmemory, nothing is evicted, whatever the policy. */
function checkEviction(facts: ServerFacts, allowEviction: boolean, warn: (message: string) => void): void {
  const { evictionPolicy: policy, maxMemory } = facts;
  if (policy === null || policy === 'noeviction') return;
  const found = `maxmemory-policy is ${policy}`;
  if (maxMemory === 0) warn(`${found}: set it to noeviction before you set maxmemory, or executions will be evicted`);
  else if (allowEviction) warn(`${found}: when memory is short, executions disappear (allowEviction)`);
  else throw new StorePolicyError(`${found}, so it evicts keys when memory is short`, 'noeviction (or allowEviction)');
}

/** The warning about data that a restart loses, or null. */
async function dataLossWarning(node: Redis, { hasAppendOnlyFile }: ServerFacts): Promise<string | null> {
  if (hasAppendOnlyFile === null) return null;
  const advice = "set 'appendonly yes' to keep it";
  if (hasAppendOnlyFile) {
    const sync = await setting(node, 'appendfsync');
    return sync === 'no'
      ? "Redis leaves writing to disk to the operating system (appendfsync no): a crash of the machine loses the newest data; set 'appendfsync everysec' or 'always'"
      : null;
  }
  const save = await setting(node, 'save');
  if (save === '') return `Redis stores nothing on disk: a restart loses the whole queue; ${advice}`;
  return `Redis has no append-only file: a restart loses the queue since its last snapshot, if it makes any; ${advice}`;
}

/** A setting, or null if reading it is forbidden. */
async function setting(node: Redis, name: string): Promise<string | null> {
  try {
    const reply = (await node.config('GET', name)) as unknown;
    return Array.isArray(reply) ? String((reply as unknown[])[1]) : null;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return null;
  }
}
