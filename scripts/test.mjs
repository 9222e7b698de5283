/**
 * `npm test -- [jest options or patterns]`: runs jest and always ends. A run that stands still, or that does not exit once
 * its suites are over, is killed with all its processes, named, and failed.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureRedis } from './ensure-redis.mjs';

/** Longer than any test may take between two results, unless it is a soak or a long campaign. */
const STANDSTILL_MS = Number(process.env['STANDSTILL_MINUTES'] ?? 5) * 60_000;
const EXIT_MS = 15_000;
/** A file system in memory, and how much of it must be free for the files of the suites, bytes. */
const [MEMORY, MEMORY_NEEDED] = ['/dev/shm', 4 * 2 ** 30];

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const watching = args.some((arg) => arg.startsWith('--watch'));
/** Modules are loaded anew for each suite, and most of what they allocate lives short: a larger nursery is collected less often. */
const NODE = ['--experimental-vm-modules', '--no-warnings', '--max-semi-space-size=32'];
const jest = [...NODE, 'node_modules/jest/bin/jest.js', ...args];
const temporary = temporaryFolder();
// A group of its own, so that whatever a suite has started goes with it.
const child = spawn(process.execPath, jest, {
  cwd: root,
  env: { ...process.env, ...redis(), ...(temporary && { TMPDIR: temporary }) },
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  detached: !watching,
});

const running = new Set();
let failure = null;
let timer = arm();

child.on('message', ({ started, ended, complete }) => {
  if (started) running.add(relative(root, started));
  if (ended) running.delete(relative(root, ended));
  clearTimeout(timer);
  timer = arm(complete);
});
child.on('exit', (code, signal) => {
  clearTimeout(timer);
  if (temporary) rmSync(temporary, { recursive: true, force: true });
  if (failure !== null) process.stderr.write(`\nFAILED: ${failure}\n`);
  else if (signal !== null) process.stderr.write(`\nFAILED: jest was ended by ${signal}\n`);
  process.exitCode = failure === null && signal === null ? code : 1;
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => kill(signal));

/** The server that the suites use. Without one, those that need it fail and say the same; the others can still be run. */
function redis() {
  try {
    return { REDIS_SERVER_BIN: ensureRedis() };
  } catch (error) {
    process.stderr.write(`\n${error.message}\n\n`);
    return { REDIS_NO_INSTALL: '1' };
  }
}

/**
 * Suites write and sync thousands of files, which no power failure has to survive: where there is plenty of memory, they do not
 * wait for the disk. TMPDIR names another place.
 */
function temporaryFolder() {
  if (process.env['TMPDIR'] !== undefined) return null;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (Math.min(bavail * bsize, freemem()) < MEMORY_NEEDED) return null;
    return mkdtempSync(join(MEMORY, 'tests-'));
  } catch {
    return null;
  }
}

function arm(complete = false) {
  if (watching) return undefined;
  const stop = () => {
    failure = complete
      ? `all suites have ended, but ${EXIT_MS / 1000} s later something still keeps the process alive`
      : `nothing has happened for ${STANDSTILL_MS / 1000} s; running: ${[...running].join(', ') || 'no suite'}`;
    kill('SIGKILL');
  };
  return setTimeout(stop, complete ? EXIT_MS : STANDSTILL_MS);
}

function kill(signal) {
  try {
    if (watching || process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}
