import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { mapsWithoutSources, publintProblems, typeProblems } from '../support/check-package.js';
import {
  installApp,
  listFiles,
  majorOf,
  nestDependencies,
  packedConsole,
  packedLibrary,
} from '../support/packed-app.js';
import { npmOffline, run } from '../support/run-program.js';

const TSC = resolve('node_modules/typescript/bin/tsc');
const APPS = [
  { title: 'Nest 12, ESM', type: 'module', nest: '12' },
  { title: 'Nest 11, CommonJS', type: 'commonjs', nest: '11' },
] as const;
/** The dashboard, as texts. */
const PAGES = 'dist/dashboard/dashboard-texts.js';

let work: string;
/** Where the tarball of the console is unpacked. */
let unpacked: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'packed-console-'));
  await run('tar', ['-xzf', packedConsole()], work);
  unpacked = join(work, 'package');
});

afterAll(() => rm(work, { recursive: true, force: true }));

describe('the tarball of the console', () => {
  it('contains the built code, its types and source maps, README, CHANGELOG and LICENSE, and nothing else', async () => {
    const files = await listFiles(unpacked);
    const outside = files.filter((file) => !file.startsWith('dist/'));
    expect(outside.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    const code = files.filter((file) => file.startsWith('dist/'));
    expect(code.filter((file) => !/\.(js|js\.map|d\.ts)$/.test(file) || /\.(spec|test)\./.test(file))).toEqual([]);
    const stems = (ending: string): string[] =>
      code.filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length));
    expect(stems('.js').sort()).toEqual(stems('.d.ts').sort());
  });

  it('refers to no file and no path of the build machine', async () => {
    for (const file of (await listFiles(unpacked)).filter((each) => !each.endsWith('.map'))) {
      const text = await readFile(join(unpacked, file), 'utf8');
      // The text of a page is for a browser.
      const refers = /\bimport\.meta\b/.test(text) && file !== PAGES;
      expect([file, refers || text.includes(work) || text.includes(process.cwd())]).toEqual([file, false]);
    }
  });

  it('has the source of each module in its source map, except for the generated pages', async () => {
    expect(await mapsWithoutSources(unpacked)).toEqual([PAGES]);
  });

  it.each(['LICENSE', 'CHANGELOG.md'])("has the repository's %s", async (name) => {
    expect(await readFile(join(unpacked, name), 'utf8')).toBe(await readFile(resolve(name), 'utf8'));
  });

  it('passes publint', async () => {
    expect(await publintProblems(unpacked)).toEqual([]);
  });

  it('has types that match the module resolution of each kind of project; its modules are ES modules', async () => {
    expect(await typeProblems(packedConsole())).toEqual(['CJSResolvesToESM of . by node16-cjs']);
  });
});

const offline = npmOffline();
if (offline !== null) console.warn(`SKIPPED: the packed console in apps of users: no npm registry (${offline})`);

(offline === null ? describe : describe.skip).each(APPS)(
  `installed by a user of $title${offline === null ? '' : ' (no npm registry)'}`,
  ({ type, nest }) => {
    let folder: string;

    beforeAll(async () => {
      folder = join(work, type);
      const dependencies = {
        ...nestDependencies(nest),
        '@nestjs/platform-fastify': `^${nest}.0.0`,
        'nestjs-advanced-scheduler': `file:${packedLibrary()}`,
        'nestjs-advanced-scheduler-console': `file:${packedConsole()}`,
      };
      await installApp(folder, { type, nest, main: 'test/packaging/console-app/main.ts', dependencies });
      await run(process.execPath, [TSC, '-p', '.'], folder);
    });

    it('installs none of the packages that its pages are built from', async () => {
      expect(await majorOf(folder, '@nestjs/core')).toBe(nest);
      const installed = await listFiles(join(folder, 'node_modules'));
      for (const absent of ['preact', 'uplot', '@dagrejs', 'socket.io-client', 'vite'])
        expect([absent, installed.some((file) => file.startsWith(`${absent}/`))]).toEqual([absent, false]);
    });

    it.each(['express', 'fastify'])('serves its pages, the API and metrics on %s', async (platform) => {
      const { stdout, stderr } = await run(process.execPath, ['dist/main.js', platform], folder);
      expect(stderr).toBe('');
      const lines = stdout.trim().split('\n');
      // Requests without a token are logged.
      expect(lines.slice(0, -1).filter((line) => !line.includes('[Audit]'))).toEqual([]);
      expect(JSON.parse(lines.at(-1)!)).toEqual({
        title: 'Scheduler',
        assets: [200, 200, 200],
        anonymous: [401, 401],
        me: { name: 'ada', role: 'admin', payloads: true },
        result: 42,
        metrics: [200, true],
        ticket: 201,
      });
    });
  },
);
