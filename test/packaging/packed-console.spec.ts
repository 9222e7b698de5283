import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { mapsWithoutSources, publintProblems, typeProblems } from '../support/check-package.js';
import { installApp, listFiles, majorOf, nestDependencies } from '../support/packed-app.js';
import { npm, npmOffline, run } from '../support/run-program.js';

const TSC = resolve('node_modules/typescript/bin/tsc');
const SOURCES = [
  'package.json',
  'CHANGELOG.md',
  'scripts',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'libs',
];
const BUILT = ['dist', 'ui-dist', 'node_modules'];
const APPS = [
  { title: 'Nest 12, ESM', type: 'module', nest: '12' },
  { title: 'Nest 11, CommonJS', type: 'commonjs', nest: '11' },
] as const;

let work: string;
/** Where the tarball of the console is unpacked. */
let unpacked: string;
let tarballs: { library: string; console: string };

/** Packs as for the registry, in a copy: packing builds, and other suites use what is built here. */
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'packed-console-'));
  const copy = join(work, 'repository');
  const filter = (path: string): boolean => !BUILT.includes(basename(path));
  await Promise.all(SOURCES.map((name) => cp(resolve(name), join(copy, name), { recursive: true, filter })));
  await symlink(resolve('node_modules'), join(copy, 'node_modules'));
  const pack = async (name: string): Promise<string> => {
    const { stdout } = await npm(['pack', '--pack-destination', work], join(copy, 'libs', name));
    return join(work, stdout.trim().split('\n').at(-1)!);
  };
  const library = await pack('scheduler');
  tarballs = { library, console: await pack('scheduler-console') };
  await run('tar', ['-xzf', tarballs.console], work);
  unpacked = join(work, 'package');
});

afterAll(() => rm(work, { recursive: true, force: true }));

describe('the tarball of the console', () => {
  it('holds the built code, its types and source maps, the pages, README, CHANGELOG and LICENSE, and nothing else', async () => {
    const files = await listFiles(unpacked);
    const outside = files.filter((file) => !/^(ui-)?dist\//.test(file));
    expect(outside.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    const code = files.filter((file) => file.startsWith('dist/'));
    expect(code.filter((file) => !/\.(js|js\.map|d\.ts)$/.test(file) || /\.(spec|test)\./.test(file))).toEqual([]);
    const stems = (ending: string): string[] =>
      code.filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length));
    expect(stems('.js').sort()).toEqual(stems('.d.ts').sort());
    const pages = files.filter((file) => file.startsWith('ui-dist/'));
    expect(pages).toEqual(expect.arrayContaining(['ui-dist/index.html', 'ui-dist/favicon.svg']));
    expect(pages.filter((file) => !/\.(html|svg|js|css)$/.test(file))).toEqual([]);
  });

  it('names no file of where it was built', async () => {
    for (const file of await listFiles(unpacked)) {
      const text = await readFile(join(unpacked, file), 'utf8');
      expect([file, text.includes(work) || text.includes(process.cwd())]).toEqual([file, false]);
    }
  });

  it('has the source of each module in its source map', async () => {
    expect(await mapsWithoutSources(unpacked)).toEqual([]);
  });

  it.each(['LICENSE', 'CHANGELOG.md'])("bears the repository's %s", async (name) => {
    expect(await readFile(join(unpacked, name), 'utf8')).toBe(await readFile(resolve(name), 'utf8'));
  });

  it('is clean by publint', async () => {
    expect(await publintProblems(unpacked)).toEqual([]);
  });

  it('has types that fit how each kind of project resolves it; its modules are ES modules', async () => {
    expect(await typeProblems(tarballs.console)).toEqual(['CJSResolvesToESM of . by node16-cjs']);
  });
});

const offline = await npmOffline();
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
        'nestjs-advanced-scheduler': `file:${tarballs.library}`,
        'nestjs-advanced-scheduler-console': `file:${tarballs.console}`,
      };
      await installApp(folder, { type, main: 'test/packaging/console-app/main.ts', dependencies });
      await run(process.execPath, [TSC, '-p', '.'], folder);
    });

    it('brings nothing of what its pages are made of', async () => {
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
