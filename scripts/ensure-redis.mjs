/**
 * A real Redis or Valkey for tests and benchmarks: finds one, else installs Debian's or Homebrew's.
 *
 *   node scripts/ensure-redis.mjs      prints the path of the server, or says what to do and exits 1
 *
 * REDIS_SERVER_BIN names the program to use; REDIS_NO_INSTALL=1 forbids the install.
 */
import { ensure, find, runIfMain, toStderr } from './find-program.mjs';

const FLOOR = { Redis: [7, 0], Valkey: [7, 2] };

/** @type {import('./find-program.mjs').Program} */
const REDIS = {
  title: 'Redis',
  variable: 'REDIS_SERVER_BIN',
  noInstall: 'REDIS_NO_INSTALL',
  names: ['redis-server', 'valkey-server'],
  folders: [
    '/usr/bin',
    '/usr/local/bin',
    '/usr/sbin',
    '/opt/homebrew/bin',
    '/home/linuxbrew/.linuxbrew/bin',
    '/usr/local/opt/redis/bin',
    '/opt/redis/bin',
    '/opt/valkey/bin',
    '/snap/bin',
  ],
  patience: 10_000,
  unfit(version) {
    const match = /(Redis|Valkey) server v=(\d+)\.(\d+)\S*/i.exec(version);
    if (match === null) return 'is no Redis or Valkey server';
    const kind = match[1].toLowerCase() === 'valkey' ? 'Valkey' : 'Redis';
    const [major, minor] = FLOOR[kind];
    const isOld = +match[2] < major || (+match[2] === major && +match[3] < minor);
    return isOld ? `${match[0]} is older than ${kind} ${major}.${minor}` : null;
  },
  none: 'no redis-server or valkey-server found',
  apt: 'redis-server',
  brew: ['redis'],
  help: `Tests of the Redis store need Redis 7.0 or Valkey 7.2, or later. Either
  - install it: "apt-get install redis-server" (Debian, Ubuntu), "brew install redis" (macOS), "dnf install valkey" (Fedora), or
  - name the program: REDIS_SERVER_BIN=/path/to/redis-server npm test`,
};

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ path: string } | { problem: string }} a server that runs and is new enough, or why there is none
 */
export function findRedis(env = process.env) {
  return find(REDIS, env);
}

/**
 * @returns {string} the path of the server, installed if need be
 * @throws {Error} that says what to do
 */
export function ensureRedis(env = process.env, say = toStderr) {
  return ensure(REDIS, env, say);
}

runIfMain(import.meta.url, ensureRedis);
