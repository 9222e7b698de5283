/**
 * A real Chromium for the tests of the dashboard: finds one, else installs Debian's or Homebrew's.
 *
 *   node scripts/ensure-chromium.mjs      prints the path of the browser, or says what to do and exits 1
 *
 * CHROMIUM_BIN names the program to use; CHROMIUM_NO_INSTALL=1 forbids the install.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const USUAL_FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/google/chrome', '/opt/homebrew/bin', '/snap/bin'];
const MAC_BROWSERS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const HELP = `Tests of the dashboard need Chromium. Either
  - install it: "apt-get install chromium" (Debian), "brew install --cask chromium" (macOS), or
  - name the program: CHROMIUM_BIN=/path/to/chromium npm test`;

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ path: string } | { problem: string }} a browser that runs, or why there is none
 */
export function findChromium(env = process.env) {
  const named = env.CHROMIUM_BIN;
  if (named) {
    const problem = unfit(named);
    return problem ? { problem: `CHROMIUM_BIN=${named}: ${problem}` } : { path: named };
  }
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...USUAL_FOLDERS];
  const problems = new Set();
  for (const path of [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...MAC_BROWSERS]) {
    if (!isExecutable(path)) continue;
    const problem = unfit(path);
    if (problem === null) return { path };
    problems.add(`${path}: ${problem}`);
  }
  return { problem: [...problems].join('; ') || 'no chromium found' };
}

/**
 * @returns {string} the path of the browser, installed if need be
 * @throws {Error} that says what to do
 */
export function ensureChromium(env = process.env, say = (line) => process.stderr.write(`${line}\n`)) {
  const found = findChromium(env);
  if ('path' in found) return found.path;
  if (env.CHROMIUM_BIN || env.CHROMIUM_NO_INSTALL === '1') throw new Error(`${found.problem}\n${HELP}`);
  const failure = install(say);
  const installed = findChromium(env);
  if ('path' in installed) return installed.path;
  throw new Error(`${installed.problem}${failure ? `\n${failure}` : ''}\n${HELP}`);
}

/** null, or why the program does not do. */
function unfit(path) {
  const { status, stdout, error } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) return `does not run (${error?.code ?? `exit code ${status}`})`;
  return /Chrom(e|ium)/.test(stdout) ? null : 'is no Chromium';
}

/** @returns {string | null} what went wrong */
function install(say) {
  if (has('apt-get')) {
    const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
    if (prefix.length > 0 && !has('sudo')) return 'apt-get needs root, and there is no sudo';
    const apt = (...args) => run([...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]);
    say('Chromium for the tests: apt-get install chromium …');
    const wanted = ['install', '-y', '--no-install-recommends', 'chromium'];
    if (apt(...wanted) === null) return null;
    // Old package lists name files that are gone.
    apt('update');
    return apt(...wanted);
  }
  if (has('brew')) {
    say('Chromium for the tests: brew install --cask chromium …');
    return run(['brew', 'install', '--cask', 'chromium']);
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
    process.stdout.write(`${ensureChromium()}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
