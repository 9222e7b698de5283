import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installApp, ioredisOf, nestDependencies, packedLibrary, transpileApp } from '../support/packed-app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { npmOffline, run } from '../support/run-program.js';

const APPS = [
  ['12', 'module'],
  ['11', 'commonjs'],
] as const;

const offline = npmOffline();
if (offline !== null) console.warn(`SKIPPED: tenants with nestjs-cls: no npm registry (${offline})`);

// By itself, not in this process: nestjs-cls is CommonJS and Nest 12 is not, which Jest cannot load together.
(offline === null ? describe : describe.skip)(
  `tenants with nestjs-cls${offline === null ? '' : ' (no npm registry)'}`,
  () => {
    let work: string;
    let server: RedisServer;

    beforeAll(async () => {
      work = await mkdtemp(join(tmpdir(), 'packed-tenants-'));
      server = await startRedis();
      await Promise.all(APPS.map(([nest, type]) => install(nest, type)));
    });

    afterAll(async () => {
      await server?.stop();
      await rm(work, { recursive: true, force: true });
    });

    async function install(nest: '11' | '12', type: 'module' | 'commonjs'): Promise<void> {
      const dependencies = {
        ...nestDependencies(nest),
        ...{ 'nestjs-advanced-scheduler': `file:${packedLibrary()}`, '@nestjs/platform-fastify': `^${nest}.0.0` },
        ...{ 'nestjs-cls': '*', ioredis: ioredisOf(nest), '@photostructure/sqlite': '^1.2.1' },
      };
      await installApp(join(work, type), { type, nest, main: 'test/packaging/tenants-app/main.ts', dependencies });
    }

    it.each(APPS)(
      'have jobs without data of another tenant, three at once over HTTP, on Nest %s',
      async (_nest, type) => {
        const folder = join(work, type);
        await transpileApp(folder, { type });
        const stores = [
          'memory',
          { type: 'embedded', path: join(folder, 's.db') },
          { type: 'redis', port: server.port },
        ];
        const variables = [`STORES=${JSON.stringify(stores)}`];
        const { stdout } = await run('env', [...variables, process.execPath, 'dist/main.js'], folder);
        expect(JSON.parse(stdout)).toEqual({ answered: Array(6).fill(true), leaks: [], done: 180 });
      },
    );
  },
);
