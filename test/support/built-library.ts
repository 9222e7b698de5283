import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { embedTexts } from '../../scripts/embed-texts.mjs';
import { buildDashboard } from './build-dashboard.js';

/**
 * The library compiled as it is published, for tests that start processes. Inside node_modules, so that its imports
 * resolve as for any package; a directory of its own, so that nobody else's build is in the way.
 * @returns the URL of its index.js, and what removes it
 */
export function buildLibrary(name: string): { index: string; remove: () => void } {
  const outDir = makeOutDir(name);
  compileLibrary(outDir);
  return { index: pathToFileURL(join(outDir, 'index.js')).href, remove: remove(outDir) };
}

/**
 * The service compiled, with the library and the console in a node_modules of its own.
 * @returns the path of its main.js, and what removes it
 */
export function buildApp(name: string): { main: string; remove: () => void } {
  const outDir = makeOutDir(name);
  const library = join(outDir, 'node_modules', 'nestjs-advanced-scheduler');
  mkdirSync(library, { recursive: true });
  copyFileSync('libs/scheduler/package.json', join(library, 'package.json'));
  compileLibrary(join(library, 'dist'));
  const console = join(outDir, 'node_modules', 'nestjs-advanced-scheduler-console');
  mkdirSync(console, { recursive: true });
  copyFileSync('libs/scheduler-console/package.json', join(console, 'package.json'));
  tsc('-p', 'libs/scheduler-console/tsconfig.lib.json', '--outDir', join(console, 'dist'), '--declaration', 'false');
  buildDashboard();
  cpSync('libs/scheduler-console/ui-dist', join(console, 'ui-dist'), { recursive: true });
  tsc('-p', 'tsconfig.build.json', '--rootDir', '.', '--outDir', outDir);
  return { main: join(outDir, 'src', 'main.js'), remove: remove(outDir) };
}

function makeOutDir(name: string): string {
  const outDir = join(process.cwd(), 'node_modules', '.cache', `${name}-${process.pid}`);
  mkdirSync(outDir, { recursive: true });
  writeFileSync(join(outDir, 'package.json'), '{ "type": "module" }');
  return outDir;
}

function compileLibrary(outDir: string): void {
  tsc('-p', 'libs/scheduler/tsconfig.lib.json', '--outDir', outDir, '--declaration', 'false');
  embedTexts(outDir);
}

/** Types are checked by `npm run typecheck`. */
function tsc(...args: string[]): void {
  const compiler = join(process.cwd(), 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [compiler, '--noCheck', ...args], { stdio: 'pipe' });
}

const remove = (dir: string) => (): void => rmSync(dir, { recursive: true, force: true });
