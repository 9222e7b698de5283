import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The library compiled as it is published, for tests that start processes. Inside node_modules, so that its imports
 * resolve as for any package; a directory of its own, so that nobody else's build is in the way.
 * @returns the URL of its index.js, and what removes it
 */
export function buildLibrary(name: string): { index: string; remove: () => void } {
  const outDir = join(process.cwd(), 'node_modules', '.cache', `${name}-${process.pid}`);
  mkdirSync(outDir, { recursive: true });
  writeFileSync(join(outDir, 'package.json'), '{ "type": "module" }');
  const tsc = join(process.cwd(), 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(
    process.execPath,
    [tsc, '-p', 'libs/scheduler/tsconfig.lib.json', '--outDir', outDir, '--declaration', 'false'],
    { stdio: 'pipe' },
  );
  return {
    index: pathToFileURL(join(outDir, 'index.js')).href,
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}
