import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { installApp, nestDependencies, packedConsole, packedLibrary, transpileApp } from '../support/packed-app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { npmOffline, run } from '../support/run-program.js';
import { until } from '../support/until.js';

/** What Nest loads where an app has it. */
const OF_NEST = [
  ...['@nestjs/microservices', '@nestjs/websockets', 'class-transformer'],
  ...['@nestjs/mongoose', '@nestjs/sequelize', '@nestjs/typeorm', '@mikro-orm/core'],
];
/** It has a native part. */
const NATIVE = '@photostructure/sqlite';
/** Node 22.13 and later have SQLite. */
const hasSqlite = process.getBuiltinModule('node:sqlite') !== undefined;
const NOT_INSTALLED = /needs the package '@photostructure\/sqlite': npm install/;
const INSIDE = /'@photostructure\/sqlite': it does not load: .+; .*the package must be external to a bundle/;
/** The result of its task; the page of the dashboard and the files that it names. */
const SEEN = { result: 42, pages: [200, 200, 200, 200] };
const NO_THREAD = /cannot start the thread that renews leases: ioredis is inside a bundle/;

const APPS = [
  { title: 'Nest 12, ESM', type: 'module', nest: '12' },
  { title: 'Nest 11, CommonJS', type: 'commonjs', nest: '11' },
] as const;
type App = (typeof APPS)[number];

const offline = npmOffline();
if (offline !== null) console.warn(`SKIPPED: apps in bundles: no npm registry (${offline})`);

(offline === null ? describe : describe.skip)(
  `an app in a bundle${offline === null ? '' : ' (no npm registry)'}`,
  () => {
    let work: string;
    let server: RedisServer;
    const folderOf = ({ type }: App): string => join(work, type);
    const redis = (): unknown => ({ type: 'redis', port: server.port });

    beforeAll(async () => {
      work = await mkdtemp(join(tmpdir(), 'bundled-app-'));
      server = await startRedis();
      await Promise.all(
        APPS.map(async (app) => {
          const { nest, type } = app;
          const ofNestBuild: Record<string, string> =
            nest === '11' ? { '@nestjs/cli': '^11.0.0', 'ts-loader': '^9.5.0', typescript: '^5.9.0' } : {};
          const ours = {
            'nestjs-advanced-scheduler': `file:${packedLibrary()}`,
            'nestjs-advanced-scheduler-console': `file:${packedConsole()}`,
            ioredis: '^6.0.0',
            [NATIVE]: '^1.2.1',
          };
          const bundlers = { esbuild: '^0.28.0', '@vercel/ncc': '^0.45.0' };
          const dependencies = { ...nestDependencies(nest), ...ours, ...bundlers, ...ofNestBuild };
          await installApp(folderOf(app), { type, nest, main: 'test/packaging/bundled-app/main.ts', dependencies });
          await transpileApp(folderOf(app), app);
        }),
      );
    });

    afterAll(async () => {
      await server?.stop();
      await rm(work, { recursive: true, force: true });
    });

    /** @returns the bundle */
    async function esbuild(app: App, external: readonly string[] = []): Promise<string> {
      const bundle = join(folderOf(app), app.type === 'module' ? 'bundle.mjs' : 'bundle.cjs');
      const lazy = [...OF_NEST, NATIVE, ...external].flatMap((name) => [`--external:${name}`, `--external:${name}/*`]);
      const format =
        app.type === 'module'
          ? [
              '--format=esm',
              `--banner:js=import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`,
            ]
          : ['--format=cjs'];
      const args = [
        'dist/main.js',
        '--bundle',
        '--minify',
        '--keep-names',
        '--platform=node',
        `--outfile=${bundle}`,
        '--log-level=warning',
      ];
      const { stderr } = await run(
        process.execPath,
        ['node_modules/esbuild/bin/esbuild', ...args, ...format, ...lazy],
        folderOf(app),
      );
      expect(stderr).toBe('');
      return bundle;
    }

    /** Builds as the tool of Nest does, all but lazy packages in the bundle. @returns the folder of the bundle, main.js */
    async function nestBuild(app: App): Promise<string> {
      const folder = folderOf(app);
      const config = `
      const lazy = ${JSON.stringify([...OF_NEST, NATIVE])};
      module.exports = (options) => ({
        ...options,
        // Types are checked elsewhere.
        plugins: options.plugins.filter((plugin) => plugin.constructor.name !== 'ForkTsCheckerWebpackPlugin'),
        output: { ...options.output, path: __dirname + '/packed', filename: 'main.js' },
        externals: [({ request }, done) =>
          lazy.some((name) => request === name || request.startsWith(name + '/')) ? done(null, 'commonjs ' + request) : done()],
        // Terminus 11 requires by a name that it makes: webpack takes in all that stands beside it.
        module: { rules: [...options.module.rules, { test: /\\.(map|d\\.ts)$/, type: 'asset/source' }] },
      });`;
      await writeFile(join(folder, 'webpack.config.js'), config);
      await writeFile(
        join(folder, 'tsconfig.build.json'),
        JSON.stringify({ extends: './tsconfig.json', compilerOptions: { outDir: 'packed', skipLibCheck: true } }),
      );
      await run(process.execPath, ['node_modules/@nestjs/cli/bin/nest.js', 'build', '--webpack'], folder);
      return join(folder, 'packed');
    }

    /** @returns the folder of the bundle, index.js */
    async function ncc(app: App, external: readonly string[] = []): Promise<string> {
      const args = [
        'build',
        'dist/main.js',
        '--out',
        'compiled',
        '--no-cache',
        ...external.flatMap((name) => ['-e', name]),
      ];
      await run(process.execPath, ['node_modules/@vercel/ncc/dist/ncc/cli.js', ...args], folderOf(app));
      return join(folderOf(app), 'compiled');
    }

    /** Where no package is installed. */
    async function elsewhere(bundle: string): Promise<string> {
      const folder = await mkdtemp(join(work, 'alone-'));
      await cp(bundle, join(folder, bundle.split('/').at(-1)!), { recursive: true });
      return folder;
    }

    /** Runs a bundle to its end, on one store after the other. @param during is waited for while it runs, after its tasks */
    async function start(
      folder: string,
      bundle: string,
      stores: readonly unknown[],
      during: () => Promise<void> = async () => {},
    ) {
      const child = spawn(process.execPath, [bundle], { cwd: folder, env: { STORES: JSON.stringify(stores) } });
      try {
        const ended = once(child, 'exit');
        const [output, results]: [string[], unknown[]] = [[], []];
        const seen = new Promise<void>((resolve) => {
          createInterface(child.stderr).on('line', (line) => output.push(line));
          createInterface(child.stdout).on('line', (line) => {
            if (!line.startsWith('{')) output.push(line);
            else if (results.push(JSON.parse(line)) === stores.length) resolve();
          });
        });
        await Promise.race([seen, ended]);
        await during();
        child.stdin.end();
        return { results, code: (await ended)[0] as number, output: output.join('\n') };
      } finally {
        child.kill('SIGKILL');
      }
    }

    /** On memory and then on Redis, in one process: only the store on Redis warns, of the thread. */
    async function expectAlone(folder: string, bundle: string): Promise<void> {
      const { results, code, output } = await start(folder, bundle, ['memory', redis()]);
      expect({ results, code }).toEqual({ results: [SEEN, SEEN], code: 0 });
      expect(output).toMatch(NO_THREAD);
      expect(output.split('\n').filter((line) => !line.includes('[RedisStore]'))).toEqual([]);
    }

    /** Commands, messages, and the thread that renews leases. */
    async function untilThreadIsConnected(): Promise<void> {
      const connections = async () => (await server.command('CLIENT', 'LIST')).match(/ name=scheduler /g)?.length ?? 0;
      await until(async () => (await connections()) >= 3);
    }

    describe.each(APPS)('$title, by esbuild', (app) => {
      it('runs alone on memory and on Redis, and warns that no thread renews leases', async () => {
        const bundle = await esbuild(app);
        const folder = await elsewhere(bundle);
        const [name] = await readdir(folder);
        await expectAlone(folder, name!);
      });

      it('has its thread where ioredis is not in the bundle, and runs on embedded beside the native package', async () => {
        const bundle = await esbuild(app, ['ioredis']);
        const folder = folderOf(app);
        const onRedis = await start(folder, bundle, [redis()], untilThreadIsConnected);
        expect(onRedis).toMatchObject({ results: [SEEN], code: 0 });
        expect(onRedis.output).not.toMatch(/thread/);
        await mkdir(join(folder, 'data'));
        const onDisk = await start(folder, bundle, [{ type: 'embedded', path: join(folder, 'data', 's.db') }]);
        expect(onDisk).toEqual({ results: [SEEN], code: 0, output: '' });
      });
    });

    describe.each([
      { title: 'nest build --webpack', app: APPS[1], file: 'packed/main.js', build: () => nestBuild(APPS[1]) },
      { title: 'ncc, CommonJS', app: APPS[1], file: 'compiled/index.js', build: () => ncc(APPS[1], [NATIVE]) },
      { title: 'ncc, ESM', app: APPS[0], file: 'compiled/index.js', build: () => ncc(APPS[0]) },
    ])('by $title', ({ app, file, build }) => {
      it('runs alone on memory and on Redis, and on embedded beside the native package', async () => {
        const bundle = await build();
        const folder = await elsewhere(bundle);
        await expectAlone(folder, file);
        const embedded = [{ type: 'embedded', path: join(folder, 's.db') }];
        const alone = await start(folder, file, embedded);
        if (!hasSqlite) expect(alone.output).toMatch(app.type === 'module' ? INSIDE : NOT_INSTALLED);
        if (app.type === 'module') return;
        const beside = await start(folderOf(app), join(folderOf(app), file), embedded);
        expect(beside).toEqual({ results: [SEEN], code: 0, output: '' });
      });
    });
  },
);
