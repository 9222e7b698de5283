import { StoreVersionError } from '../../../core/errors.js';

/** Facts that a server reports; null: not reported. */
export interface ServerFacts {
  name: 'Redis' | 'Valkey';
  version: string;
  isPrimary: boolean;
  isLoading: boolean;
  /** Bytes after which it evicts keys or refuses writes; 0: no limit. */
  maxMemory: number | null;
  evictionPolicy: string | null;
  hasAppendOnlyFile: boolean | null;
}

const FLOOR = { Redis: '7.0', Valkey: '7.2' };
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;
const NEEDED = 'Redis 7.0 or Valkey 7.2, or later';

interface Vulnerability {
  id: string;
  server: ServerFacts['name'];
  /** First affected version. */
  since: string;
  /** First fixed version of each release line; the last one holds for all later lines. */
  fixed: readonly string[];
}

/** Vulnerabilities open to any client that may connect or run scripts. */
const VULNERABILITIES: readonly Vulnerability[] = [
  { id: 'CVE-2025-49844', server: 'Redis', since: '0.0', fixed: ['7.2.11', '7.4.6', '8.0.4', '8.2.2'] },
  { id: 'CVE-2026-23479', server: 'Redis', since: '7.2', fixed: ['8.6.3'] },
  { id: 'CVE-2026-21863', server: 'Valkey', since: '0.0', fixed: ['7.2.12', '8.0.7', '8.1.6', '9.0.2'] },
  { id: 'CVE-2026-27623', server: 'Valkey', since: '9.0', fixed: ['9.0.3'] },
];

/** Parses the reply to INFO. */
export function readInfo(info: string): ServerFacts {
  const fields = new Map(
    [...info.matchAll(/^([a-z_0-9]+):(.*?)\r?$/gm)].map(([, name, value]) => [name!, value!] as const),
  );
  const valkey = fields.get('valkey_version');
  const maxMemory = fields.get('maxmemory');
  const appendOnly = fields.get('aof_enabled');
  return {
    name: valkey === undefined ? 'Redis' : 'Valkey',
    version: valkey ?? fields.get('redis_version') ?? 'unknown',
    isPrimary: fields.get('role') !== 'slave',
    isLoading: fields.get('loading') === '1' || fields.get('async_loading') === '1',
    maxMemory: maxMemory === undefined ? null : Number(maxMemory),
    evictionPolicy: fields.get('maxmemory_policy') ?? null,
    hasAppendOnlyFile: appendOnly === undefined ? null : appendOnly === '1',
  };
}

/** Parses the reply to HELLO, used if INFO is forbidden. */
export function readHello(reply: unknown): ServerFacts {
  const list = Array.isArray(reply) ? (reply as unknown[]).map(String) : [];
  const after = (name: string): string | undefined => list[list.indexOf(name) + 1 || list.length];
  return {
    name: after('server') === 'valkey' ? 'Valkey' : 'Redis',
    version: after('version') ?? 'unknown',
    isPrimary: after('role') !== 'replica',
    isLoading: false,
    maxMemory: null,
    evictionPolicy: null,
    hasAppendOnlyFile: null,
  };
}

/** @throws StoreVersionError if the scripts need a newer version */
export function checkVersion({ name, version }: ServerFacts): void {
  if (compareVersions(version, FLOOR[name]) < 0) throw new StoreVersionError(`${name} ${version}`, NEEDED);
}

/** Ids of the known vulnerabilities of this version. A distribution may have fixed them without a new version number. */
export function vulnerabilitiesOf({ name, version }: ServerFacts): string[] {
  return VULNERABILITIES.filter(({ server, since, fixed }) => {
    if (server !== name || compareVersions(version, since) < 0) return false;
    const line = fixed.find((each) => lineOf(each) === lineOf(version));
    return compareVersions(version, line ?? fixed.at(-1)!) < 0;
  }).map(({ id }) => id);
}

/** A warning about missing password or TLS; null if there is none, or on the same machine. */
export function exposureOf(address: string | undefined, hasPassword: boolean, hasTls: boolean): string | null {
  if (address === undefined || LOOPBACK.test(address) || (hasPassword && hasTls)) return null;
  const lacks = [hasPassword ? '' : 'a password', hasTls ? '' : 'TLS'].filter(Boolean).join(' and ');
  return `Redis at ${address} is used without ${lacks}: anyone with access to it, or to the network in between, can read and change executions`;
}

function lineOf(version: string): string {
  return version.split('.', 2).join('.');
}

/** Below 0: `a` is older. An invalid version is older than any other. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let index = 0; index < 3; index++) {
    const difference = (left![index] ?? 0) - (right![index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
