/**
 * `node scripts/bundle-nest.mjs FOLDER`: puts Nest into a few files in FOLDER/node_modules. A process loads its several hundred in
 * half a second of processor time, and tests start hundreds of processes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const PACKAGES = [
  'reflect-metadata',
  ...['common', 'core', 'event-emitter', 'schedule', 'terminus'].map((name) => `@nestjs/${name}`),
];
/** What these load where an app has it. */
const OPTIONAL = ['@nestjs/microservices', '@nestjs/websockets', '@nestjs/platform-express', '@grpc/*'];

const folder = join(process.argv[2], 'node_modules');
buildSync({
  entryPoints: Object.fromEntries(PACKAGES.map((name) => [`${name}/index`, name])),
  bundle: true,
  splitting: true,
  minifyWhitespace: true,
  legalComments: 'none',
  format: 'esm',
  platform: 'node',
  external: OPTIONAL,
  banner: { js: `import { createRequire as from } from 'node:module'; const require = from(import.meta.url);` },
  outdir: folder,
  logLevel: 'error',
});
for (const name of PACKAGES)
  writeFileSync(join(folder, name, 'package.json'), JSON.stringify({ name, type: 'module', exports: './index.js' }));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
