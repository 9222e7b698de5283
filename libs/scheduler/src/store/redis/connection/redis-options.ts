import type { ConnectionOptions } from 'node:tls';
import { InvalidOptionError } from '../../../core/errors.js';
import { isPlainObject } from '../../../core/json.js';

/**
 * The used part of a Redis or Cluster of ioredis. Declared here, so other stores do not need the types of ioredis.
 */
export interface IoredisClient {
  readonly isCluster: boolean;
  duplicate(...args: never[]): unknown;
  sendCommand(...args: never[]): unknown;
}

/** The address of a server. */
export interface RedisAddress {
  host: string;
  /** Default 6379, of a Sentinel 26379. */
  port?: number;
}

/**
 * Options of `store: { type: 'redis', ... }`: the server by `url`, `host` and `port`, `sentinels`, `cluster`, or like a
 * `client` of the app. Default: redis://127.0.0.1:6379. Environment variables are not read.
 */
export interface RedisStoreOptions {
  /** redis://[user:password@]host[:port][/db]; rediss:// with TLS. The fields below override its parts. */
  url?: string;
  host?: string;
  /** 1 to 65535. Default 6379. */
  port?: number;
  username?: string;
  password?: string;
  /** 0 to 65535; a cluster has only 0. Default 0. */
  db?: number;
  /** true, or options of node:tls such as `ca`. Certificates are always verified. Default: by the url. */
  tls?: boolean | ConnectionOptions;
  /** Addresses of Sentinels; requires `sentinelName`. */
  sentinels?: readonly RedisAddress[];
  /** The name of the primary at the Sentinels. */
  sentinelName?: string;
  /** The password of the Sentinels themselves. */
  sentinelPassword?: string;
  /** Some nodes of a cluster; the others are discovered. A namespace is in one slot, so on one node. */
  cluster?: readonly RedisAddress[];
  /** An ioredis Redis or Cluster of the app. The store opens its own connections with its address and credentials. */
  client?: IoredisClient;
  /** Whether to use a server that may evict keys, and so lose executions. Default false: refused. */
  allowEviction?: boolean;
}

interface Credentials {
  username?: string;
  password?: string;
  tls?: ConnectionOptions;
}

export type ResolvedRedisOptions = { allowEviction: boolean } & (
  | ({ kind: 'standalone'; host: string; port: number; db: number } & Credentials)
  | ({
      kind: 'sentinel';
      sentinels: readonly Required<RedisAddress>[];
      name: string;
      sentinelPassword?: string;
      db: number;
    } & Credentials)
  | ({ kind: 'cluster'; nodes: readonly Required<RedisAddress>[] } & Credentials)
  | { kind: 'client'; client: IoredisClient }
);

const NAMES = new Set<string>([
  ...['url', 'host', 'port', 'username', 'password', 'db', 'tls'],
  ...['sentinels', 'sentinelName', 'sentinelPassword', 'cluster', 'client', 'allowEviction'],
]);
const URL_FORM = 'redis://[user:password@]host[:port][/db], or rediss:// for TLS';

/**
 * Checks options and adds defaults.
 * @throws InvalidOptionError naming the field; a value that may contain a secret is never shown
 */
export function resolveRedisOptions(options: RedisStoreOptions = {}): ResolvedRedisOptions {
  if (!isPlainObject(options)) throw new InvalidOptionError('store', options, 'an object');
  for (const [key, value] of Object.entries(options)) {
    if (key !== 'type' && !NAMES.has(key) && value !== undefined)
      throw new InvalidOptionError(`store.${key}`, typeof value, `only ${[...NAMES].join(', ')} are options`);
  }
  const { sentinels, cluster, client } = options;
  const allowEviction = checkFlag(options.allowEviction ?? false, 'allowEviction');
  checkAlone(options);
  if (client !== undefined) return { kind: 'client', client: checkClient(client), allowEviction };
  const fromUrl = parseUrl(options.url);
  const credentials = {
    ...definedOnly({
      username: checkText(options.username, 'username') ?? fromUrl.username,
      password: checkSecret(options.password, 'password') ?? fromUrl.password,
      tls: checkTls(options.tls) ?? fromUrl.tls,
    }),
    allowEviction,
  };
  const db = checkDb(options.db) ?? fromUrl.db ?? 0;
  if (cluster !== undefined) {
    if (db !== 0) throw new InvalidOptionError('store.db', db, '0: a cluster has no other');
    return { kind: 'cluster', nodes: checkAddresses(cluster, 'cluster', 6379), ...credentials };
  }
  if (sentinels !== undefined) {
    const name = checkText(options.sentinelName, 'sentinelName');
    if (name === undefined) throw new InvalidOptionError('store.sentinelName', undefined, 'the name of the primary');
    const sentinelPassword = checkSecret(options.sentinelPassword, 'sentinelPassword');
    const addresses = checkAddresses(sentinels, 'sentinels', 26_379);
    return {
      kind: 'sentinel',
      sentinels: addresses,
      name,
      db,
      ...definedOnly({ sentinelPassword }),
      ...credentials,
    };
  }
  const host = checkText(options.host, 'host') ?? fromUrl.host ?? '127.0.0.1';
  const port = checkPort(options.port, 'port') ?? fromUrl.port ?? 6379;
  return { kind: 'standalone', host, port, db, ...credentials };
}

/** Checks that the server is given in one way only. */
function checkAlone(options: RedisStoreOptions): void {
  const given = (names: readonly (keyof RedisStoreOptions)[]) => names.filter((name) => options[name] !== undefined);
  const ways = given(['client', 'cluster', 'sentinels']);
  const direct = given(['url', 'host', 'port']);
  if (ways.length > 1 || (ways.length === 1 && direct.length > 0))
    throw new InvalidOptionError(
      `store.${ways[0]}`,
      [...ways, ...direct].join(' and '),
      'only one of url (or host and port), sentinels, cluster and client',
    );
  if (options.client === undefined) return;
  const [other] = given(['username', 'password', 'db', 'tls', 'sentinelName', 'sentinelPassword']);
  if (other !== undefined)
    throw new InvalidOptionError(`store.${other}`, 'an option together with client', 'none: the client has it');
}

interface UrlParts extends Credentials {
  host?: string;
  port?: number;
  db?: number;
}

function parseUrl(url: unknown): UrlParts {
  if (url === undefined) return {};
  const refuse = (found: string): InvalidOptionError => new InvalidOptionError('store.url', found, URL_FORM);
  if (typeof url !== 'string') throw refuse(typeof url);
  if (!URL.canParse(url)) throw refuse(maskUrl(url));
  const parsed = new URL(url);
  const { protocol, hostname, port, pathname, search, hash } = parsed;
  if (protocol !== 'redis:' && protocol !== 'rediss:') throw refuse(maskUrl(url));
  if (hostname === '' || search !== '' || hash !== '') throw refuse(maskUrl(url));
  if (!/^\/?$|^\/\d{1,5}$/.test(pathname)) throw refuse(maskUrl(url));
  try {
    return definedOnly({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: checkPort(port === '' ? undefined : Number(port), 'url'),
      db: checkDb(pathname.length > 1 ? Number(pathname.slice(1)) : undefined),
      username: decodeURIComponent(parsed.username) || undefined,
      password: decodeURIComponent(parsed.password) || undefined,
      tls: protocol === 'rediss:' ? { rejectUnauthorized: true } : undefined,
    });
  } catch (error) {
    if (error instanceof URIError) throw refuse(maskUrl(url));
    throw error;
  }
}

/** A URL without possible secrets: all before the last @, and its query. */
export function maskUrl(url: string): string {
  const masked = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@').replace(/[?#].*$/s, '?***');
  return masked.length > 80 ? `${masked.slice(0, 77)}...` : masked;
}

function checkClient(client: unknown): IoredisClient {
  const { duplicate, sendCommand } = (client ?? {}) as Partial<IoredisClient>;
  if (typeof duplicate !== 'function' || typeof sendCommand !== 'function')
    throw new InvalidOptionError('store.client', typeof client, 'a Redis or Cluster of ioredis');
  return client as IoredisClient;
}

function checkAddresses(list: unknown, field: string, defaultPort: number): Required<RedisAddress>[] {
  if (!Array.isArray(list) || list.length === 0)
    throw new InvalidOptionError(`store.${field}`, list, 'at least one { host, port }');
  return list.map((each: unknown, index) => {
    const at = `${field}[${index}]`;
    const { host, port } = (isPlainObject(each) ? each : {}) as Partial<RedisAddress>;
    const name = checkText(host, `${at}.host`);
    if (name === undefined) throw new InvalidOptionError(`store.${at}.host`, undefined, 'a host name or address');
    return { host: name, port: checkPort(port, `${at}.port`) ?? defaultPort };
  });
}

function checkTls(tls: unknown): ConnectionOptions | undefined {
  if (tls === undefined || tls === false) return undefined;
  // Explicit, since NODE_TLS_REJECT_UNAUTHORIZED=0 would disable it by default.
  if (tls === true) return { rejectUnauthorized: true };
  if (!isPlainObject(tls)) throw new InvalidOptionError('store.tls', typeof tls, 'true, or options of node:tls');
  if (tls.rejectUnauthorized === false)
    throw new InvalidOptionError(
      'store.tls.rejectUnauthorized',
      false,
      'true: set tls.ca to the authority of a private certificate',
    );
  return { ...tls, rejectUnauthorized: true };
}

function checkPort(port: unknown, field: string): number | undefined {
  if (port === undefined) return undefined;
  if (!Number.isInteger(port) || (port as number) < 1 || (port as number) > 65_535)
    throw new InvalidOptionError(`store.${field}`, port, 'a port from 1 to 65535');
  return port as number;
}

function checkDb(db: unknown): number | undefined {
  if (db === undefined) return undefined;
  if (!Number.isInteger(db) || (db as number) < 0 || (db as number) > 65_535)
    throw new InvalidOptionError('store.db', db, 'the number of a database, 0 to 65535');
  return db as number;
}

function checkText(value: unknown, field: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '' || value.length > 512)
    throw new InvalidOptionError(`store.${field}`, value, 'text of 1 to 512 characters');
  return value;
}

function checkSecret(value: unknown, field: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '')
    throw new InvalidOptionError(`store.${field}`, value === '' ? 'empty text' : typeof value, 'text, not empty');
  return value;
}

function checkFlag(value: unknown, field: string): boolean {
  if (typeof value !== 'boolean') throw new InvalidOptionError(`store.${field}`, value, 'true or false');
  return value;
}

function definedOnly<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
