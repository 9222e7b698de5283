import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { mapsWithoutSources, publintProblems, typeProblems } from '../support/check-package.js';
import { installApp, listFiles, majorOf, nestDependencies, packedLibrary } from '../support/packed-app.js';
import { npmOffline, run } from '../support/run-program.js';

const TSC = resolve('node_modules/typescript/bin/tsc');

/** Apps of users. */
const APPS = [
  { title: 'Nest 12, ESM', type: 'module', nest: '12' },
  { title: 'Nest 11, CommonJS', type: 'commonjs', nest: '11' },
] as const;
type App = (typeof APPS)[number];

let work: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'packed-library-'));
  await run('tar', ['-xzf', packedLibrary()], work);
});

afterAll(() => rm(work, { recursive: true, force: true }));

describe('the tarball', () => {
  it('contains the built code, its types and source maps, README, CHANGELOG and LICENSE, and nothing else', async () => {
    const files = await listFiles(join(work, 'package'));
    const code = files.filter((file) => file.startsWith('dist/'));
    const others = files.filter((file) => !file.startsWith('dist/'));
    expect(others.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    expect(code.filter((file) => !/\.(js|js\.map|d\.ts)$/.test(file) || /\.(spec|test)\./.test(file))).toEqual([]);
    const stems = (ending: string): string[] =>
      code.filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length));
    const entries = stems('.js').filter((stem) => !/^dist\/shared-\w+$/.test(stem));
    expect(entries.sort()).toEqual(['dist/index', 'dist/testing/index']);
    expect(stems('.d.ts')).toEqual(expect.arrayContaining(entries));
  });

  it('has the source of each module in a source map', async () => {
    expect(await mapsWithoutSources(join(work, 'package'))).toEqual([]);
  });

  it('refers to no file, imports no module for its effects alone, and exports nothing marked internal', async () => {
    const found: string[] = [];
    const files = await listFiles(join(work, 'package/dist'));
    for (const file of files.filter((each) => !each.endsWith('.map'))) {
      const text = await readFile(join(work, 'package/dist', file), 'utf8');
      // Bundles and CommonJS have no place of their own, by which files could be found.
      if (/\bimport\.meta\b/.test(text)) found.push(file);
      // `sideEffects: false` lets a bundler drop such a module.
      if (/^import ['"]/m.test(text)) found.push(file);
      if (file.endsWith('.d.ts') && /@internal/.test(text)) found.push(file);
    }
    expect(found).toEqual([]);
  });

  it.each(['LICENSE', 'CHANGELOG.md'])("has the repository's %s", async (name) => {
    expect(await readFile(join(work, 'package', name), 'utf8')).toBe(await readFile(resolve(name), 'utf8'));
  });

  it('passes publint', async () => {
    expect(await publintProblems(join(work, 'package'))).toEqual([]);
  });

  it('has types that match the module resolution of each kind of project; its modules are ES modules', async () => {
    expect(await typeProblems(packedLibrary())).toEqual([
      'CJSResolvesToESM of . by node16-cjs',
      'CJSResolvesToESM of ./testing by node16-cjs',
    ]);
  });
});

const offline = npmOffline();
if (offline !== null) console.warn(`SKIPPED: the packed library in apps of users: no npm registry (${offline})`);

(offline === null ? describe : describe.skip)(
  `installed by a user${offline === null ? '' : ' (no npm registry)'}`,
  () => {
    const folderOf = ({ type }: App): string => join(work, type);

    beforeAll(async () => {
      await Promise.all(
        APPS.map(async (app) => {
          const dependencies = {
            ...nestDependencies(app.nest),
            'nestjs-advanced-scheduler': `file:${packedLibrary()}`,
          };
          const main = 'test/packaging/app/main.ts';
          await installApp(folderOf(app), { type: app.type, nest: app.nest, main, dependencies });
        }),
      );
    });

    describe.each(APPS)('$title', (app) => {
      it('installs only its declared dependencies', async () => {
        const folder = folderOf(app);
        expect(await majorOf(folder, '@nestjs/core')).toBe(app.nest);
        for (const absent of ['ioredis', 'class-transformer', 'typescript', 'jest'])
          expect([absent, existsSync(join(folder, 'node_modules', absent))]).toEqual([absent, false]);
      });

      it('compiles under strict, declarations included, and runs', async () => {
        const folder = folderOf(app);
        await run(process.execPath, [TSC, '-p', '.'], folder);
        const { stdout, stderr } = await run(process.execPath, ['dist/main.js'], folder);

        expect(stderr).toBe('');
        const seen = JSON.parse(stdout.trim()) as Record<string, unknown>;
        expect(seen).toMatchObject({
          result: 42,
          names: ['Ada, attempt 1', 'Alan, attempt 1'],
          instances: 2,
          ready: 200,
          body: { status: 'ok', info: { scheduler: { status: 'up' } } },
          refused: 'INVALID_TASK_DEFINITION',
          manual: 1000,
        });
        expect(seen.tick).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
      });
    });
  },
);
