/** Apps of users with the packed library and console, for the scripts that try them on other systems and releases of Node. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const NATIVE = '@photostructure/sqlite';
/** What the library is tried with. */
export const APPS = [
  { nest: '11', type: 'commonjs', ioredis: '5', schedule: '6', emitter: '3', terminus: '11' },
  { nest: '12', type: 'module', ioredis: '6', schedule: '12', emitter: '12', terminus: '12' },
];
const EXPECTED = '"result":42';
const LIMIT_MS = 120_000;

const npm = (args, cwd) => execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Without install scripts: what is native comes with a binary for each system. */
export const install = (cwd) =>
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], cwd);

/** @returns the dependencies of an app on the packages that `npm pack` writes to `work` */
export function packLibraries(work) {
  return Object.fromEntries(
    ['scheduler', 'scheduler-console'].map((name) => {
      const output = npm(['pack', `./libs/${name}`, '--pack-destination', work], ROOT);
      return [`nestjs-advanced-${name}`, `file:${join(work, output.trim().split('\n').at(-1))}`];
    }),
  );
}

/** Writes, installs and compiles test/packaging/bundled-app. @returns its folder, in `work` */
export function makeApp({ nest, type, ioredis, schedule, emitter, terminus }, work, tarballs) {
  const folder = join(work, `nest-${nest}`);
  mkdirSync(join(folder, 'src'), { recursive: true });
  cpSync(join(ROOT, 'test/packaging/bundled-app/main.ts'), join(folder, 'src/main.ts'));
  const ofNest = ['common', 'core', 'platform-express'].map((name) => [`@nestjs/${name}`, nest]);
  const dependencies = {
    ...Object.fromEntries(ofNest),
    ...{ '@nestjs/schedule': schedule, '@nestjs/event-emitter': emitter, '@nestjs/terminus': terminus },
    ...{ 'reflect-metadata': '^0.2.2', rxjs: '^7.8.2', ioredis, [NATIVE]: '^1.2.1', ...tarballs },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type, dependencies }));
  install(folder);
  const compilerOptions = {
    ...{ module: 'nodenext', target: 'ES2023', strict: true, skipLibCheck: true },
    ...{ experimentalDecorators: true, emitDecoratorMetadata: true },
    ...{ types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')], rootDir: 'src', outDir: 'dist' },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  const args = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'];
  execFileSync(process.execPath, args, { cwd: folder, stdio: 'inherit' });
  return folder;
}

/**
 * Runs `program` in the folder of an app, which runs its task on the store and ends.
 * @param store as its option, in the variable STORES
 * @returns null, or the output of a run that went wrong
 */
export async function runApp([program, ...args], folder, store) {
  const child = spawn(program, args, { cwd: folder, env: { ...process.env, STORES: JSON.stringify([store]) } });
  child.stdin.end();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  return code === 0 && output.includes(EXPECTED) ? null : output;
}

/** Prints a line for a run. @returns whether it succeeded */
export function report(what, problem) {
  console.log(problem === null ? `ok      ${what}` : `FAILED  ${what}\n${problem}`);
  return problem === null;
}
