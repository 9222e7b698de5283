/**
 * `node scripts/embed-texts.mjs FOLDER`: puts modules with texts in place of what reads files, in the compiled library, so
 * that it runs from a bundle and from CommonJS as well. Lua stays Lua, and the thread TypeScript, in the sources.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const LUA = fileURLToPath(new URL('../libs/scheduler/src/store/redis/lua/', import.meta.url));

/** @param {string} folder of the compiled library's index.js */
export function embedTexts(folder) {
  const redis = join(folder, 'store', 'redis');
  const entry = join(redis, 'beat', 'beat-thread.js');
  writeFileSync(
    join(redis, 'lua-texts.js'),
    `const TEXTS = ${JSON.stringify(luaTexts(), null, 2)};\nexport function luaTexts() {\n  return TEXTS;\n}\n`,
  );
  writeFileSync(
    join(redis, 'beat', 'thread-code.js'),
    `export const THREAD_CODE = ${JSON.stringify(threadCode(entry))};\n`,
  );
  // The thread is part of the text, and nothing else loads it. The modules written here have no source to map to.
  const maps = ['lua-texts', 'beat/thread-code', 'beat/beat-thread'].map((name) => join(redis, `${name}.js.map`));
  for (const file of [entry, entry.replace(/\.js$/, '.d.ts'), ...maps]) rmSync(file, { force: true });
}

function luaTexts() {
  const paths = readdirSync(LUA, { recursive: true }).filter((path) => path.endsWith('.lua'));
  return Object.fromEntries(
    paths.sort().map((path) => [path.replaceAll('\\', '/'), readFileSync(join(LUA, path), 'utf8')]),
  );
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

if (process.argv[1] === fileURLToPath(import.meta.url)) embedTexts(resolve(process.argv[2]));
