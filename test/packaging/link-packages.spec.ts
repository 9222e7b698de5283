import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { linkPackages } from '../support/link-packages.js';
import { listFiles } from '../support/packed-app.js';

/** What npm records of the packages that are installed. */
const PACKAGES = {
  'node_modules/a': {
    dependencies: { b: '^1.0.0', c: '^2.0.0' },
    peerDependencies: { peer: '*', absent: '*' },
    peerDependenciesMeta: { absent: { optional: true } },
  },
  'node_modules/a/node_modules/c': { dependencies: { b: '^1.0.0' } },
  'node_modules/b': { optionalDependencies: { other: '*' } },
  'node_modules/c': { dependencies: { unwanted: '*' } },
  'node_modules/peer': {},
  'node_modules/unwanted': {},
  'node_modules/b-2': { dependencies: { peer: '*' } },
};

let work: string;
let installation: { folder: string; declared: Record<string, string> };

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'link-packages-'));
  installation = { folder: join(work, 'all'), declared: { a: '^1.0.0', c: '^1.0.0', 'b-2': 'npm:b@^2.0.0' } };
  for (const path of Object.keys(PACKAGES)) await write(join(installation.folder, path, 'lib/index.js'), path);
  const record = join(installation.folder, 'node_modules/.package-lock.json');
  await write(record, JSON.stringify({ packages: PACKAGES }));
});

afterEach(() => rm(work, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** The folder of an app with these dependencies. */
function app(dependencies: Record<string, string>): string {
  const folder = join(work, 'app');
  linkPackages(installation, folder, dependencies);
  return folder;
}

const pathsOf = (...packages: string[]): string[] => packages.map((each) => `node_modules/${each}/lib/index.js`).sort();

describe('an app with packages of a shared installation', () => {
  it('has what its dependencies reach, each version at its place, and nothing else', async () => {
    const folder = app({ a: '^1.0.0' });
    expect((await listFiles(folder)).sort()).toEqual(pathsOf('a', 'a/node_modules/c', 'b', 'peer'));
  });

  it('has files whose real paths are its own', async () => {
    const file = join(app({ a: '^1.0.0' }), 'node_modules/b/lib/index.js');
    expect(await realpath(file)).toBe(join(await realpath(work), 'app/node_modules/b/lib/index.js'));
  });

  it('has a second version of a package under its name', async () => {
    const folder = app({ b: '^2.0.0' });
    expect((await listFiles(folder)).sort()).toEqual(pathsOf('b', 'peer'));
    expect(await readFile(join(folder, 'node_modules/b/lib/index.js'), 'utf8')).toBe('node_modules/b-2');
  });

  it('is refused a range that the installation does not declare', () => {
    expect(() => app({ a: '^2.0.0' })).toThrow('a@^2.0.0 is not in the shared installation, which has ^1.0.0');
  });
});
