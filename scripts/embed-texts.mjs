/**
 * `node scripts/embed-texts.mjs FOLDER…`: puts modules with texts in place of what reads files, in the compiled library or
 * console, so that they run from a bundle and from CommonJS as well. In the sources Lua stays Lua, the thread TypeScript, and
 * the dashboard what Vite has built.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const LUA = fileURLToPath(new URL('../libs/scheduler/src/store/redis/lua/', import.meta.url));
const PAGES = fileURLToPath(new URL('../libs/scheduler-console/ui-dist/', import.meta.url));

/** @param {string} folder of the compiled index.js, of the library or of the console */
export function embedTexts(folder) {
  const redis = join(folder, 'store', 'redis');
  if (existsSync(redis)) {
    const entry = join(redis, 'lease-renewal', 'renewal-thread.js');
    replace(join(redis, 'lua-texts.js'), luaModule());
    replace(
      join(redis, 'lease-renewal', 'thread-code.js'),
      `export const THREAD_CODE = ${JSON.stringify(threadCode(entry))};\n`,
    );
    // It is part of the text, and nothing else loads it.
    for (const file of [entry, entry.replace(/\.js$/, '.d.ts'), `${entry}.map`]) rmSync(file, { force: true });
  }
  const dashboard = join(folder, 'dashboard', 'dashboard-texts.js');
  if (existsSync(dashboard)) replace(dashboard, texts('dashboardTexts', PAGES, /\.(html|js|css|svg)$/));
}

/** The module that has the Lua sources. */
export function luaModule() {
  return texts('luaTexts', LUA, /\.lua$/);
}

/** The new module has no source to map to. */
function replace(file, code) {
  writeFileSync(file, code);
  rmSync(`${file}.map`, { force: true });
}

/** A module with a function that returns the texts of the files below a folder, by their paths from there. */
function texts(name, folder, ending) {
  const paths = readdirSync(folder, { recursive: true }).filter((path) => ending.test(path));
  const entries = paths.sort().map((path) => [path.replaceAll('\\', '/'), readFileSync(join(folder, path), 'utf8')]);
  const json = JSON.stringify(Object.fromEntries(entries), null, 2);
  return `const TEXTS = ${json};\nexport function ${name}() {\n  return TEXTS;\n}\n`;
}

/** One script: a thread that is started from a text finds no file of ours. */
function threadCode(entry) {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    external: ['ioredis'],
    legalComments: 'none',
    write: false,
  });
  return outputFiles[0].text;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const folder of process.argv.slice(2)) embedTexts(resolve(folder));
