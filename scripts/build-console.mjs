/**
 * Compiles the console, and puts the built dashboard into it. By the compiler itself: `nest build` replaces an alias by its path,
 * and the published console must import the library as a package.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { embedTexts } from './embed-texts.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}libs/scheduler-console/dist`, { recursive: true, force: true });
const compiler = `${root}node_modules/typescript/bin/tsc`;
const { status } = spawnSync(process.execPath, [compiler, '-p', 'libs/scheduler-console/tsconfig.lib.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status === 0) embedTexts(`${root}libs/scheduler-console/dist`);
process.exitCode = status ?? 1;
