/** A program that the tests need: finds one that does, else installs Debian's or Homebrew's. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Program
 * @property {string} title What it is, for people.
 * @property {string} variable The environment variable that names the program to use.
 * @property {string} noInstall The one that forbids the install with 1.
 * @property {readonly string[]} names What it may be called, best first.
 * @property {readonly string[]} folders Where to look beside PATH.
 * @property {readonly string[]} [paths] Whole paths to look at last.
 * @property {number} patience How long it may take to tell its version, ms.
 * @property {(version: string) => string | null} unfit Why what it says of its version does not do.
 * @property {string} none What to say where there is no such program.
 * @property {string} apt Debian's package.
 * @property {readonly string[]} brew Arguments of `brew install`.
 * @property {string} help What else to do.
 */

/**
 * @param {Program} program
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ path: string } | { problem: string }} one that runs and does, or why there is none
 */
export function find(program, env) {
  const named = env[program.variable];
  if (named) {
    const problem = unfit(program, named);
    return problem ? { problem: `${program.variable}=${named}: ${problem}` } : { path: named };
  }
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...program.folders];
  const candidates = program.names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const problems = new Set();
  for (const path of [...candidates, ...(program.paths ?? [])]) {
    if (!isExecutable(path)) continue;
    const problem = unfit(program, path);
    if (problem === null) return { path };
    problems.add(`${path}: ${problem}`);
  }
  return { problem: [...problems].join('; ') || program.none };
}

/**
 * @param {Program} program
 * @param {NodeJS.ProcessEnv} env
 * @param {(line: string) => void} say
 * @returns {string} its path, installed if need be
 * @throws {Error} that says what to do
 */
export function ensure(program, env, say) {
  const found = find(program, env);
  if ('path' in found) return found.path;
  if (env[program.variable] || env[program.noInstall] === '1') throw new Error(`${found.problem}\n${program.help}`);
  const failure = install(program, say);
  const installed = find(program, env);
  if ('path' in installed) return installed.path;
  throw new Error(`${installed.problem}${failure ? `\n${failure}` : ''}\n${program.help}`);
}

export const toStderr = (line) => process.stderr.write(`${line}\n`);

/**
 * Where the script at `url` is the one that was started: prints what `ensured` returns, or why not.
 * @param {string} url
 * @param {() => string} ensured
 */
export function runIfMain(url, ensured) {
  if (process.argv[1] !== fileURLToPath(url)) return;
  try {
    process.stdout.write(`${ensured()}\n`);
  } catch (error) {
    toStderr(error.message);
    process.exitCode = 1;
  }
}

/** null, or why the program does not do. */
function unfit(program, path) {
  const options = { encoding: 'utf8', timeout: program.patience };
  const { status, stdout, error } = spawnSync(path, ['--version'], options);
  if (status !== 0) return `does not run (${error?.code ?? `exit code ${status}`})`;
  return program.unfit(stdout);
}

/** @returns {string | null} what went wrong */
function install({ title, apt: name, brew }, say) {
  if (has('apt-get')) {
    const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
    if (prefix.length > 0 && !has('sudo')) return 'apt-get needs root, and there is no sudo';
    const apt = (...args) => run([...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]);
    say(`${title} for the tests: apt-get install ${name} …`);
    // Suites that run side by side may install at once.
    const wanted = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', name];
    if (apt(...wanted) === null) return null;
    // Old package lists name files that are gone.
    apt('update');
    return apt(...wanted);
  }
  if (has('brew')) {
    say(`${title} for the tests: brew install ${brew.join(' ')} …`);
    return run(['brew', 'install', ...brew]);
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
