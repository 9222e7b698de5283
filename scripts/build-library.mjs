/**
 * Compiles the library, and puts it into few files. With LIBRARY_IS_BUILT=1 it has just been done from the
 * same sources: the check of the whole and the tests of packages need it several times.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundleLibrary } from './bundle-library.mjs';
import { embedTexts } from './embed-texts.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

if (process.env['LIBRARY_IS_BUILT'] !== '1') {
  const nest = `${root}node_modules/@nestjs/cli/bin/nest.js`;
  const { status } = spawnSync(process.execPath, [nest, 'build', 'scheduler'], { cwd: root, stdio: 'inherit' });
  if (status === 0) {
    embedTexts(`${root}libs/scheduler/dist`);
    bundleLibrary(`${root}libs/scheduler/dist`);
  }
  process.exitCode = status ?? 1;
}
