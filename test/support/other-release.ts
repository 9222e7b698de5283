import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A build of the library that is not the one of this tree. */
export interface OtherRelease {
  /** The URL of its index.js. */
  index: string;
  remove: () => void;
}

/** @returns a copy of a built library, whose scripts do the same but are not the same text */
export function withOtherScripts(index: string): OtherRelease {
  const from = dirname(fileURLToPath(index));
  const dir = `${from}-other`;
  cpSync(from, dir, { recursive: true });
  const path = join(
    dir,
    readdirSync(dir).find((name) => /^shared-\w+\.js$/.test(name))!,
  );
  const text = readFileSync(path, 'utf8');
  // Behind the first line of each command, which says what the server may assume.
  const changed = text.replaceAll(
    /("commands\/\w+\.lua": "#!lua[^\\]*\\n)/g,
    "$1do local _ = 'another release' end\\n",
  );
  if (changed === text) throw new Error(`no script is changed in ${path}`);
  writeFileSync(path, changed);
  return { index: pathToFileURL(join(dir, 'index.js')).href, remove: () => remove(dir) };
}

/**
 * The release before: what the git revision of OLD_RELEASE builds, else the latest tag; where there is neither, as in a clone
 * without history, a copy of this one with other scripts. Says on the standard output which it is.
 */
export function releaseBefore(index: string): OtherRelease {
  const revision = process.env['OLD_RELEASE'] ?? latestTag();
  if (revision === null) {
    process.stdout.write('no git tag and no OLD_RELEASE: the release before is this one with other texts of scripts\n');
    return withOtherScripts(index);
  }
  process.stdout.write(`the release before is ${revision}\n`);
  const dir = `${dirname(fileURLToPath(index))}-before`;
  mkdirSync(dir, { recursive: true });
  const parts = ['libs/scheduler', 'scripts', 'tsconfig.json', 'package.json'];
  const sources = execFileSync('git', ['archive', revision, ...parts], { maxBuffer: 2 ** 28 });
  execFileSync('tar', ['-x', '-C', dir], { input: sources });
  const built = join(dir, 'built');
  const compiler = join(process.cwd(), 'node_modules/typescript/bin/tsc');
  const project = ['-p', join(dir, 'libs/scheduler/tsconfig.lib.json'), '--declaration', 'false', '--outDir', built];
  execFileSync(process.execPath, [compiler, '--noCheck', ...project], { stdio: 'pipe' });
  const embed = join(dir, 'scripts/embed-texts.mjs');
  if (existsSync(embed)) execFileSync(process.execPath, [embed, built], { stdio: 'pipe' });
  else copyScripts(join(dir, 'libs/scheduler/src'), built);
  return { index: pathToFileURL(join(built, 'index.js')).href, remove: () => remove(dir) };
}

/** Older ones read their Lua from files. */
function copyScripts(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (path) => statSync(path).isDirectory() || path.endsWith('.lua') });
}

function latestTag(): string | null {
  try {
    return execFileSync('git', ['describe', '--tags', '--abbrev=0'], { stdio: 'pipe' }).toString().trim();
  } catch {
    return null;
  }
}

const remove = (dir: string): void => rmSync(dir, { recursive: true, force: true });
