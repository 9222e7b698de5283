import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installApp, ioredisOf, nestDependencies, packedLibrary } from '../support/packed-app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { npmOffline, run } from '../support/run-program.js';

/** As `nest new` of Nest 11 writes it. */
const JEST = {
  moduleFileExtensions: ['js', 'json', 'ts'],
  rootDir: 'src',
  testRegex: '.*\\.spec\\.ts$',
  transform: { '^.+\\.(t|j)s$': 'ts-jest' },
  testEnvironment: 'node',
};
/** Of the same. */
const COMPILER_OPTIONS = {
  module: 'nodenext',
  moduleResolution: 'nodenext',
  esModuleInterop: true,
  isolatedModules: true,
  emitDecoratorMetadata: true,
  experimentalDecorators: true,
  target: 'ES2023',
  skipLibCheck: true,
  strictNullChecks: true,
};
/** Of older ones. */
const OLD_COMPILER_OPTIONS = {
  module: 'commonjs',
  esModuleInterop: true,
  emitDecoratorMetadata: true,
  experimentalDecorators: true,
  target: 'ES2021',
  skipLibCheck: true,
  strictNullChecks: true,
};

const offline = npmOffline();
if (offline !== null) console.warn(`SKIPPED: tests of users: no npm registry (${offline})`);

(offline === null ? describe : describe.skip)(`tests of users${offline === null ? '' : ' (no npm registry)'}`, () => {
  let work: string;
  let server: RedisServer;
  let withJest: string;
  let withVitest: string;

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'tests-of-users-'));
    server = await startRedis();
    const tools = { jest: '^30.0.0', 'ts-jest': '^29.2.5', '@types/jest': '^30.0.0', typescript: '^5.9.0' };
    [withJest, withVitest] = await Promise.all([
      install('jest', '11', 'commonjs', tools),
      install('vitest', '12', 'module', { vitest: '^4.0.0' }),
    ]);
  });

  afterAll(async () => {
    await server?.stop();
    await rm(work, { recursive: true, force: true });
  });

  async function install(name: string, nest: '11' | '12', type: 'module' | 'commonjs', tools: Record<string, string>) {
    const folder = join(work, name);
    const dependencies = {
      ...nestDependencies(nest),
      ...{ '@nestjs/testing': `^${nest}.0.0`, 'nestjs-advanced-scheduler': `file:${packedLibrary()}` },
      ...{ ioredis: ioredisOf(nest), '@photostructure/sqlite': '^1.2.1' },
      ...tools,
    };
    await installApp(folder, { type, nest, main: 'test/packaging/tested-app/mailer.ts', dependencies });
    await cp(join(folder, 'src/main.ts'), join(folder, 'src/mailer.spec.ts'));
    await rm(join(folder, 'src/main.ts'));
    return folder;
  }

  /** The stores of the app, each empty. */
  function stores(folder: string, run: string): string {
    const embedded = { type: 'embedded', path: join(folder, `${run}.db`) };
    return JSON.stringify(['memory', embedded, { type: 'redis', port: server.port }]);
  }

  const runWith = (stores: string, program: string, folder: string, ...args: string[]) =>
    run('env', [`STORES=${stores}`, process.execPath, program, ...args], folder);
  const write = (path: string, content: unknown): Promise<void> => writeFile(path, JSON.stringify(content, null, 2));

  it('pass in a CommonJS project of Nest 11 with Jest, as the guide describes', async () => {
    const folder = withJest;
    const recipe = /```json\n(\{\n {2}"jest": .+?\n\}\n)```/s.exec(
      await readFile('docs/guide/testing.md', 'utf8'),
    )![1]!;
    const { jest } = JSON.parse(recipe) as { jest: object };
    await write(join(folder, 'jest.config.json'), { ...JEST, ...jest });
    for (const [name, compilerOptions] of Object.entries({ new: COMPILER_OPTIONS, old: OLD_COMPILER_OPTIONS })) {
      await write(join(folder, 'tsconfig.json'), { compilerOptions });
      const seen = await runWith(stores(folder, name), 'node_modules/jest/bin/jest.js', folder);
      expect(seen.stderr).toMatch(/^Tests: +5 passed, 5 total$/m);
    }
  });

  it('pass in an ESM project of Nest 12 with Vitest', async () => {
    const folder = withVitest;
    await writeFile(
      join(folder, 'vitest.config.mjs'),
      `export default { test: { globals: true, setupFiles: ['reflect-metadata'] } };`,
    );
    const { stdout } = await runWith(stores(folder, 'vitest'), 'node_modules/vitest/vitest.mjs', folder, 'run');
    expect(stdout).toMatch(/Tests .*5 passed/);
  });
});
