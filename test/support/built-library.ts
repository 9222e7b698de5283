import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleLibrary } from '../../scripts/bundle-library.mjs';
import { embedTexts } from '../../scripts/embed-texts.mjs';
import { buildDashboard } from './build-dashboard.js';
import { filesUnder } from './source-files.js';

const CACHE = join(process.cwd(), 'node_modules', '.cache');

/**
 * The library compiled as it is published, for tests that start processes. Inside node_modules, so that its imports
 * resolve as for any package; a directory of its own, so that nobody else's build is in the way.
 * @returns the URL of its index.js, and what removes it
 */
export function buildLibrary(name: string): { index: string; remove: () => void } {
  return libraryIn(copyOfBuild('library', name, compileLibrary));
}

/** The same before it is put into few files: its Lua texts are JSON, which a test can change. */
export function buildModules(name: string): { index: string; remove: () => void } {
  return libraryIn(copyOfBuild('modules', name, compileModules));
}

/** Nest in few files. @returns its node_modules, which stay */
export function bundledNest(): string {
  return join(sharedBuild('nest', compileNest), 'node_modules');
}

function libraryIn(outDir: string): { index: string; remove: () => void } {
  return { index: pathToFileURL(join(outDir, 'index.js')).href, remove: remove(outDir) };
}

/**
 * The service compiled, with the library and the console in a node_modules of its own.
 * @returns the path of its main.js, and what removes it
 */
export function buildApp(name: string): { main: string; remove: () => void } {
  const outDir = copyOfBuild('app', name, compileApp);
  return { main: join(outDir, 'src', 'main.js'), remove: remove(outDir) };
}

/** A build in a directory of each suite. */
function copyOfBuild(kind: string, name: string, compile: (outDir: string) => void): string {
  const copy = join(CACHE, `${name}-${process.pid}`);
  cpSync(sharedBuild(kind, compile), copy, { recursive: true });
  return copy;
}

/** Compiled by the first suite that asks. */
function sharedBuild(kind: string, compile: (outDir: string) => void): string {
  const built = join(CACHE, `${kind}-${hashOfSources()}`);
  if (!existsSync(built)) {
    for (const other of existsSync(CACHE) ? readdirSync(CACHE) : [])
      if (new RegExp(`^${kind}-[0-9a-f]{16}$`).test(other)) removeIfOld(join(CACHE, other));
    const outDir = `${built}-${process.pid}`;
    mkdirSync(outDir, { recursive: true });
    writeFileSync(join(outDir, 'package.json'), '{ "type": "module" }');
    compile(outDir);
    try {
      renameSync(outDir, built);
    } catch (error) {
      rmSync(outDir, { recursive: true, force: true });
      // Another suite has built the same meanwhile.
      if (!existsSync(built)) throw error;
    }
  }
  return built;
}

/** Of everything that a build depends on. */
function hashOfSources(): string {
  const hash = createHash('sha256');
  const files = ['libs', 'src', 'scripts'].flatMap((folder) => filesUnder(folder, ''));
  const others = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
  for (const path of [...files, ...others]) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Of sources as they were: a run that goes on beside this one may still copy it. */
function removeIfOld(dir: string): void {
  if (Date.now() - statSync(dir).mtimeMs > 3_600_000) rmSync(dir, { recursive: true, force: true });
}

function compileApp(outDir: string): void {
  const library = join(outDir, 'node_modules', 'nestjs-advanced-scheduler');
  mkdirSync(library, { recursive: true });
  copyFileSync('libs/scheduler/package.json', join(library, 'package.json'));
  cpSync(sharedBuild('library', compileLibrary), join(library, 'dist'), { recursive: true });
  const console = join(outDir, 'node_modules', 'nestjs-advanced-scheduler-console');
  mkdirSync(console, { recursive: true });
  copyFileSync('libs/scheduler-console/package.json', join(console, 'package.json'));
  tsc('-p', 'libs/scheduler-console/tsconfig.lib.json', '--outDir', join(console, 'dist'), '--declaration', 'false');
  buildDashboard();
  embedTexts(join(console, 'dist'));
  tsc('-p', 'tsconfig.build.json', '--rootDir', '.', '--outDir', outDir);
}

function compileNest(outDir: string): void {
  execFileSync(process.execPath, [join('scripts', 'bundle-nest.mjs'), outDir], { stdio: 'pipe' });
}

function compileLibrary(outDir: string): void {
  cpSync(sharedBuild('modules', compileModules), outDir, { recursive: true });
  bundleLibrary(outDir);
}

function compileModules(outDir: string): void {
  tsc('-p', 'libs/scheduler/tsconfig.lib.json', '--outDir', outDir, '--declaration', 'false');
  embedTexts(outDir);
}

/** Types are checked by `npm run check`. */
function tsc(...args: string[]): void {
  const compiler = join(process.cwd(), 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [compiler, '--noCheck', ...args], { stdio: 'pipe' });
}

const remove = (dir: string) => (): void => rmSync(dir, { recursive: true, force: true });
