/**
 * Builds the dashboard, compiles the console, and puts the one into the other. By the compiler itself: `nest build` replaces an
 * alias by its path, and the published console must import the library as a package. With CONSOLE_IS_BUILT=1 it has just been
 * done from the same sources.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { embedTexts } from './embed-texts.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

if (process.env['CONSOLE_IS_BUILT'] !== '1') {
  run('vite/bin/vite.js', 'build', 'libs/scheduler-console/ui', '--logLevel', 'warn');
  rmSync(`${root}libs/scheduler-console/dist`, { recursive: true, force: true });
  run('typescript/bin/tsc', '-p', 'libs/scheduler-console/tsconfig.lib.json');
  embedTexts(`${root}libs/scheduler-console/dist`);
}

function run(program, ...args) {
  const options = { cwd: root, stdio: 'inherit' };
  const { status } = spawnSync(process.execPath, [`${root}node_modules/${program}`, ...args], options);
  if (status !== 0) process.exit(status ?? 1);
}
