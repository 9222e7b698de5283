/**
 * `node scripts/bundle-library.mjs FOLDER`: puts the compiled library, which has its texts, into one file for each entry and one that
 * they share. A process loads three hundred small files three times as slowly. Types stay as they are.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const ENTRIES = ['index', 'testing/index'];

/** @param {string} folder of the compiled index.js */
export function bundleLibrary(folder) {
  const outdir = mkdtempSync(join(folder, 'bundle-'));
  const entries = ENTRIES.filter((entry) => existsSync(join(folder, `${entry}.js`)));
  buildSync({
    entryPoints: Object.fromEntries(entries.map((entry) => [entry, join(folder, `${entry}.js`)])),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: true,
    legalComments: 'none',
    chunkNames: 'shared-[hash]',
    outdir,
  });
  for (const path of readdirSync(folder, { recursive: true }))
    if (/\.js(\.map)?$/.test(path) && !join(folder, path).startsWith(outdir)) rmSync(join(folder, path));
  for (const path of readdirSync(outdir)) if (path.endsWith('.js')) restoreClassNames(join(outdir, path));
  for (const path of readdirSync(outdir, { recursive: true }))
    if (/\.js(\.map)?$/.test(path)) renameSync(join(outdir, path), join(folder, path));
  rmSync(outdir, { recursive: true });
}

/**
 * A decorated class is `var Name = class Name`, of which esbuild makes `var Name = class Name2`: the inner name is that in errors
 * of Nest. Where nothing else uses it, it may be the same.
 */
function restoreClassNames(file) {
  const code = readFileSync(file, 'utf8');
  const names = new Map();
  for (const [name] of code.matchAll(/\b[A-Z]\w+2\b/g)) names.set(name, (names.get(name) ?? 0) + 1);
  const restored = code.replace(/^var (\w+) = (?:\w+ = )?class \1(2) \{$/gm, (line, name) =>
    names.get(`${name}2`) === 1 ? line.replace(`${name}2 {`, `${name} {`) : line,
  );
  writeFileSync(file, restored);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) bundleLibrary(resolve(process.argv[2]));
