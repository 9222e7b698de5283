/**
 * Builds the command line into one file, with what it uses of the library's sources, so that it brings no package of Nest.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { luaModule } from './embed-texts.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = `${ROOT}libs/scheduler-cli/`;

rmSync(`${FOLDER}dist`, { recursive: true, force: true });
await build({
  absWorkingDir: ROOT,
  entryPoints: [`${FOLDER}src/main.ts`],
  outfile: `${FOLDER}dist/main.js`,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  keepNames: true,
  alias: { 'nestjs-advanced-scheduler': `${ROOT}libs/scheduler/src/index.ts` },
  packages: 'external',
  legalComments: 'none',
  plugins: [
    { name: 'texts', setup: (all) => all.onLoad({ filter: /lua-texts\.ts$/ }, () => ({ contents: luaModule() })) },
  ],
});
