import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { publintProblems } from '../support/check-package.js';
import { closeConsoles, startConsole, TOKENS } from '../support/console.js';
import { listFiles, packedCli } from '../support/packed-app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { npm, npmOffline, run } from '../support/run-program.js';

let work: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'packed-cli-'));
  await run('tar', ['-xzf', packedCli()], work);
});

afterAll(() => rm(work, { recursive: true, force: true }));

describe('the tarball of the command line', () => {
  it('contains one file of code, README, CHANGELOG and LICENSE, and nothing else', async () => {
    expect((await listFiles(join(work, 'package'))).sort()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist/main.js', 'package.json'].sort(),
    );
    expect(await readFile(join(work, 'package/LICENSE'), 'utf8')).toBe(await readFile(resolve('LICENSE'), 'utf8'));
  });

  it('imports its dependencies only, and no path of the build machine', async () => {
    const code = await readFile(join(work, 'package/dist/main.js'), 'utf8');
    const imported = [...code.matchAll(/^(?:import .* from |.*\bimport\()"([^"./][^"]*)"/gm)].map(([, name]) => name!);
    expect([...new Set(imported.filter((name) => !name.startsWith('node:')))].sort()).toEqual(['commander', 'ioredis']);
    expect(code).not.toContain(process.cwd());
  });

  it('passes publint', async () => {
    expect(await publintProblems(join(work, 'package'))).toEqual([]);
  });
});

const offline = npmOffline();
if (offline !== null) console.warn(`SKIPPED: the packed command line installed: no npm registry (${offline})`);

(offline === null ? describe : describe.skip)(
  `installed from the tarball${offline === null ? '' : ' (no npm registry)'}`,
  () => {
    let server: RedisServer;
    let folder: string;

    beforeAll(async () => {
      server = await startRedis();
      folder = await mkdtemp(join(work, 'user-'));
      await writeFile(join(folder, 'package.json'), '{ "private": true }');
      await npm(['install', '--no-audit', '--no-fund', '--prefer-offline', packedCli()], folder);
    });

    afterAll(async () => {
      await server?.stop();
      await closeConsoles();
    });

    const npx = (env: Record<string, string>, ...args: string[]) => {
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      return run('env', [...variables, 'npx', '--no', 'nestjs-scheduler', ...args], folder);
    };

    it('installs no package of Nest', async () => {
      const installed = await readdir(join(folder, 'node_modules'));
      expect(installed).toEqual(expect.arrayContaining(['commander', 'ioredis']));
      expect(installed.filter((name) => name.startsWith('@nestjs') || name === 'rxjs')).toEqual([]);
    });

    it('runs with npx against a console and a Redis server', async () => {
      const { url, scheduler } = await startConsole({ echo: (payload) => payload });
      const id = await scheduler.scheduleTask('echo');
      await scheduler.waitForExecution(id);
      const env = { NESTJS_SCHEDULER_URL: url, NESTJS_SCHEDULER_TOKEN: TOKENS[0].token };
      expect((await npx(env, 'list')).stdout).toContain(id);
      await expect(npx(env, 'pause', 'default')).rejects.toThrow(/failed: 77[^]*FORBIDDEN/);
      const { stdout } = await npx({ REDIS_URL: `redis://127.0.0.1:${server.port}` }, 'doctor', '--json');
      expect(JSON.parse(stdout)).toMatchObject({ evictionPolicy: 'noeviction' });
    });
  },
);
