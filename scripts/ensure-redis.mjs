/**
 * A real Redis or Valkey for tests and benchmarks: finds one, else installs Debian's or Homebrew's.
 *
 *   node scripts/ensure-redis.mjs      prints the path of the server, or says what to do and exits 1
 *
 * REDIS_SERVER_BIN names the program to use; REDIS_NO_INSTALL=1 forbids the install.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAMES = ['redis-server', 'valkey-server'];
const USUAL_FOLDERS = [
  '/usr/bin',
  '/usr/local/bin',
  '/usr/sbin',
  '/opt/homebrew/bin',
  '/home/linuxbrew/.linuxbrew/bin',
  '/usr/local/opt/redis/bin',
  '/opt/redis/bin',
  '/opt/valkey/bin',
  '/snap/bin',
];
const FLOOR = { Redis: [7, 0], Valkey: [7, 2] };
const HELP = `Tests of the Redis store need Redis 7.0 or Valkey 7.2, or later. Either
  - install it: "apt-get install redis-server" (Debian, Ubuntu), "brew install redis" (macOS), "dnf install valkey" (Fedora), or
  - name the program: REDIS_SERVER_BIN=/path/to/redis-server npm test`;

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ path: string } | { problem: string }} a server that runs and is new enough, or why there is none
 */
export function findRedis(env = process.env) {
  const named = env.REDIS_SERVER_BIN;
  if (named) {
    const problem = unfit(named);
    return problem ? { problem: `REDIS_SERVER_BIN=${named}: ${problem}` } : { path: named };
  }
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...USUAL_FOLDERS];
  const problems = new Set();
  for (const path of NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    if (!isExecutable(path)) continue;
    const problem = unfit(path);
    if (problem === null) return { path };
    problems.add(`${path}: ${problem}`);
  }
  return { problem: [...problems].join('; ') || 'no redis-server or valkey-server found' };
}

/**
 * @returns {string} the path of the server, installed if need be
 * @throws {Error} that says what to do
 */
export function ensureRedis(env = process.env, say = (line) => process.stderr.write(`${line}\n`)) {
  const found = findRedis(env);
  if ('path' in found) return found.path;
  if (env.REDIS_SERVER_BIN || env.REDIS_NO_INSTALL === '1') throw new Error(`${found.problem}\n${HELP}`);
  const failure = install(say);
  const installed = findRedis(env);
  if ('path' in installed) return installed.path;
  throw new Error(`${installed.problem}${failure ? `\n${failure}` : ''}\n${HELP}`);
}

/** null, or why the program does not do. */
function unfit(path) {
  const { status, stdout, error } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  if (status !== 0) return `does not run (${error?.code ?? `exit code ${status}`})`;
  const match = /(Redis|Valkey) server v=(\d+)\.(\d+)\S*/i.exec(stdout);
  if (match === null) return 'is no Redis or Valkey server';
  const kind = match[1].toLowerCase() === 'valkey' ? 'Valkey' : 'Redis';
  const [major, minor] = FLOOR[kind];
  const isOld = +match[2] < major || (+match[2] === major && +match[3] < minor);
  return isOld ? `${match[0]} is older than ${kind} ${major}.${minor}` : null;
}

/** @returns {string | null} what went wrong */
function install(say) {
  if (has('apt-get')) {
    const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
    if (prefix.length > 0 && !has('sudo')) return 'apt-get needs root, and there is no sudo';
    const apt = (...args) => run([...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]);
    say('Redis for the tests: apt-get install redis-server …');
    const wanted = ['install', '-y', '--no-install-recommends', 'redis-server'];
    if (apt(...wanted) === null) return null;
    // Old package lists name files that are gone.
    apt('update');
    return apt(...wanted);
  }
  if (has('brew')) {
    say('Redis for the tests: brew install redis …');
    return run(['brew', 'install', 'redis']);
  }
  return 'neither apt-get nor brew is here to install it';
}

/** @returns {string | null} what went wrong */
function run([command, ...args]) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 300_000 });
  if (status === 0) return null;
  const last = (stderr ?? '').trim().split('\n').slice(-3).join(' ');
  return `"${[command, ...args].join(' ')}" failed: ${last || error?.message || `exit code ${status}`}`;
}

function has(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder && isExecutable(join(folder, name)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${ensureRedis()}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
