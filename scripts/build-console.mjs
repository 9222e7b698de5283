/**
 * Compiles the console and puts the built dashboard into it, with the compiler itself: `nest build` writes the path that an alias stands for into what it makes,
 * and the library must stay a package to the console that is published.
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
