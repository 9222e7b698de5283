/**
 * `node scripts/build-changed.mjs`: builds as `npm run build` does, unless `dist` was built from the same sources.
 * `dist/.sources` has their digest; a build deletes it first, so a build that failed is repeated.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STAMP = 'dist/.sources';
const FOLDERS = ['src', 'bench', 'libs', 'scripts'];
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'];
/** Folders that builds and benchmarks write. */
const WRITTEN = new Set(['dist', 'ui-dist', 'results', 'node_modules']);

/** @returns the digest of all that a build reads, below `root` */
export function digestOfSources(root = ROOT) {
  const hash = createHash('sha256').update(process.version);
  for (const path of [...FILES, ...FOLDERS.flatMap((folder) => filesUnder(root, folder))].sort())
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

function filesUnder(root, folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.split(/[\\/]/).some((part) => WRITTEN.has(part)) && !path.endsWith('.spec.ts'));
}

function stamp() {
  try {
    return readFileSync(join(ROOT, STAMP), 'utf8');
  } catch {
    return null;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const digest = digestOfSources();
  if (stamp() !== digest) {
    const options = { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' };
    const { status } = spawnSync('npm', ['run', 'build', '--silent'], options);
    if (status === 0) writeFileSync(join(ROOT, STAMP), digest);
    process.exitCode = status ?? 1;
  }
}
