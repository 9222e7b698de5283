import { expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import ts from 'typescript';
import { filesUnder, librarySources } from '../support/source-files.js';

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

const LIBRARY = 'nestjs-advanced-scheduler';
const WORKSPACES = readdirSync('libs').map((name) => `libs/${name}`);

/** Peers that no source names: the compiled decorators call Reflect.metadata. */
const USED_WITHOUT_IMPORT = ['reflect-metadata'];
/** Of the service: packages that others load. */
const LOADED_BY_NEST = ['@nestjs/platform-express', 'rxjs'];

function packagesOf(files: readonly string[]): string[] {
  const specifiers = files.flatMap((file) => ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles);
  const bare = specifiers.map(({ fileName }) => fileName).filter((name) => !name.startsWith('.') && !isBuiltin(name));
  return [...new Set(bare.map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')))].sort();
}

function consoleSources(): string[] {
  return filesUnder('libs/scheduler-console/src', '.ts').filter((path) => !path.endsWith('.spec.ts'));
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

it('the library declares exactly the packages that it imports', () => {
  const { dependencies, peerDependencies } = manifest('libs/scheduler/package.json');
  const declared = [...Object.keys(dependencies), ...Object.keys(peerDependencies ?? {})].sort();
  expect(declared).toEqual([...packagesOf(librarySources()), ...USED_WITHOUT_IMPORT].sort());
});

it('the console declares exactly the packages that it imports', () => {
  const { dependencies, peerDependencies } = manifest('libs/scheduler-console/package.json');
  const declared = [...Object.keys(dependencies), ...Object.keys(peerDependencies ?? {})].sort();
  expect(declared).toEqual([...packagesOf(consoleSources()), ...USED_WITHOUT_IMPORT].sort());
});

it('the command line depends on its parser and the Redis client, and bundles the rest', () => {
  const sources = filesUnder('libs/scheduler-cli/src', '.ts');
  const { dependencies } = manifest('libs/scheduler-cli/package.json');
  expect(packagesOf(sources)).toEqual(['commander', LIBRARY]);
  expect(Object.keys(dependencies).sort()).toEqual(['commander', 'ioredis']);
});

it.each(['scheduler-console', 'scheduler-cli'])('%s has the version of the library', (name) => {
  expect(manifest(`libs/${name}/package.json`)).toMatchObject({
    version: manifest('libs/scheduler/package.json').version,
  });
});

it('bundles nothing that Nest must load once: packages of Nest are peers', () => {
  expect(Object.keys(manifest('libs/scheduler/package.json').dependencies)).toEqual(
    expect.not.arrayContaining([expect.stringMatching(/^(@nestjs\/|rxjs$|reflect-metadata$)/)]),
  );
});

it('the root declares what the service imports, and the peers of the libraries; workspaces declare the rest', () => {
  const sources = filesUnder('src', '.ts').filter((path) => !path.endsWith('.spec.ts') && !path.includes('/testing/'));
  const peers = WORKSPACES.flatMap((folder) => Object.keys(manifest(`${folder}/package.json`).peerDependencies ?? {}));
  const needed = [...packagesOf(sources), ...peers].filter((name) => !name.startsWith(LIBRARY));
  expect(Object.keys(manifest('package.json').dependencies).sort()).toEqual(
    [...new Set([...needed, ...LOADED_BY_NEST])].sort(),
  );
});

it.each(WORKSPACES)('the root and %s require the same release of common packages', (folder) => {
  const { dependencies: ofService, devDependencies } = manifest('package.json');
  const root = { ...devDependencies, ...ofService };
  const { dependencies, devDependencies: ofBuild } = manifest(`${folder}/package.json`);
  const common = Object.entries({ ...dependencies, ...ofBuild }).filter(([name]) => root[name]);
  expect(common.map(([name]) => [name, root[name]])).toEqual(common);
});

it('each package of libs is a workspace, and the lock file has its dependencies', () => {
  const { workspaces } = manifest('package.json') as Manifest & { workspaces: string[] };
  expect(workspaces).toEqual(['libs/*']);
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Manifest> };
  for (const folder of WORKSPACES) {
    const { version, dependencies, devDependencies, peerDependencies } = manifest(`${folder}/package.json`);
    const declared = JSON.parse(
      JSON.stringify({ version, dependencies, devDependencies, peerDependencies }),
    ) as Manifest;
    expect(packages[folder]).toMatchObject(declared);
  }
});
