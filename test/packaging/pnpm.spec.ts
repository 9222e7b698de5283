import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nestDependencies, packedConsole, packedLibrary, transpileApp, writeApp } from '../support/packed-app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { npmOffline, run } from '../support/run-program.js';

const PNPM = 'pnpm@10';

const offline = npmOffline();
if (offline !== null) console.warn(`SKIPPED: pnpm: no npm registry (${offline})`);

/** pnpm links only what a package declares: an import of an undeclared package fails. */
(offline === null ? describe : describe.skip)(
  `installed by pnpm${offline === null ? '' : ' (no npm registry)'}`,
  () => {
    let folder: string;
    let server: RedisServer;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'pnpm-'));
      server = await startRedis();
      const dependencies = {
        ...nestDependencies('12'),
        'nestjs-advanced-scheduler': `file:${packedLibrary()}`,
        'nestjs-advanced-scheduler-console': `file:${packedConsole()}`,
        ioredis: '^6.0.0',
        '@photostructure/sqlite': '^1.2.1',
      };
      await writeApp(folder, { type: 'module', main: 'test/packaging/bundled-app/main.ts', dependencies });
      await run('npx', ['--yes', PNPM, 'install', '--ignore-scripts', '--prefer-offline'], folder);
      await transpileApp(folder, { type: 'module' });
    });

    afterAll(async () => {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('runs on each store, without undeclared packages', async () => {
      // The strict layout: dependencies of the library are not at the top level.
      expect(existsSync(join(folder, 'node_modules/cron-parser'))).toBe(false);
      const stores = ['memory', { type: 'embedded', path: join(folder, 's.db') }, { type: 'redis', port: server.port }];
      const variables = [`STORES=${JSON.stringify(stores)}`];
      const { stdout } = await run('env', [...variables, process.execPath, 'dist/main.js'], folder);
      const seen = stdout
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('{'));
      expect(seen.map((line) => JSON.parse(line) as unknown)).toEqual(
        stores.map(() => ({ result: 42, pages: [200, 200, 200, 200] })),
      );
    });
  },
);
