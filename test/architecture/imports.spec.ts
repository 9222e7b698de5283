import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

jest.setTimeout(300_000);

const LAW = resolve('.dependency-cruiser.cjs');
const CRUISER = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const LIB = 'libs/scheduler/src';

const { forbidden } = createRequire(import.meta.url)(LAW) as { forbidden: { name: string }[] };

/** One breach of each rule: who imports whom, against the law. */
const BREACHES: Record<string, [from: string, to: string]> = {
  'no-cycles': [`${LIB}/core/a.ts`, `${LIB}/core/b.ts`],
  'core-is-pure': [`${LIB}/core/pure.ts`, `${LIB}/queue/q.ts`],
  'class-validator-in-one-module': [`${LIB}/retry/v.ts`, 'node_modules/class-validator/cjs/decorator/common/Allow.js'],
  'class-validator-by-its-files': [`${LIB}/core/validators.ts`, 'node_modules/class-validator/cjs/index.js'],
  'engine-knows-core-only': [`${LIB}/engine/e.ts`, `${LIB}/store/records.ts`],
  'port-knows-core-only': [`${LIB}/store/port.ts`, `${LIB}/lock/l.ts`],
  'store-knows-core-and-port': [`${LIB}/store/memory/m.ts`, `${LIB}/worker/w.ts`],
  'memory-store-stands-alone': [`${LIB}/store/memory/x.ts`, `${LIB}/store/redis/r.ts`],
  'embedded-store-stands-alone': [`${LIB}/store/embedded/x.ts`, `${LIB}/store/memory/m.ts`],
  'redis-store-stands-alone': [`${LIB}/store/redis/x.ts`, `${LIB}/store/memory/m.ts`],
  'maps-know-no-store': [`${LIB}/store/maps/x.ts`, `${LIB}/store/memory/m.ts`],
  'redis-holds-no-maps': [`${LIB}/store/redis/y.ts`, `${LIB}/store/maps/m.ts`],
  'scheduler-chooses-the-store': [`${LIB}/maintenance/chooser.ts`, `${LIB}/store/memory/m.ts`],
  'queue-stands-alone': [`${LIB}/queue/x.ts`, `${LIB}/lock/l.ts`],
  'dependency-stands-alone': [`${LIB}/dependency/x.ts`, `${LIB}/task/t.ts`],
  'lock-stands-alone': [`${LIB}/lock/x.ts`, `${LIB}/events/e.ts`],
  'retry-stands-alone': [`${LIB}/retry/x.ts`, `${LIB}/cron/c.ts`],
  'cron-stands-alone': [`${LIB}/cron/x.ts`, `${LIB}/retry/r.ts`],
  'events-stands-alone': [`${LIB}/events/x.ts`, `${LIB}/worker/w.ts`],
  'task-stands-alone': [`${LIB}/task/x.ts`, `${LIB}/queue/q.ts`],
  'health-reads-only': [`${LIB}/health/x.ts`, `${LIB}/worker/w.ts`],
  'worker-below-scheduler': [`${LIB}/worker/x.ts`, `${LIB}/maintenance/m.ts`],
  'maintenance-below-scheduler': [`${LIB}/maintenance/x.ts`, `${LIB}/worker/w.ts`],
  'scheduler-is-on-top': [`${LIB}/health/y.ts`, `${LIB}/scheduler/s.ts`],
  'nobody-imports-testing': [`${LIB}/scheduler/x.ts`, `${LIB}/testing/t.ts`],
  'console-and-cli-use-the-public-index': ['libs/scheduler-console/src/a.ts', `${LIB}/core/a.ts`],
  'app-uses-the-package-name': ['src/app.ts', `${LIB}/core/b.ts`],
};

describe('the import law', () => {
  let planted: string;

  beforeAll(async () => {
    planted = await mkdtemp(join(tmpdir(), 'import-law-'));
    await writeFile(join(planted, 'tsconfig.json'), '{}');
  });
  afterAll(() => rm(planted, { recursive: true, force: true }));

  it('is kept by all sources', async () => {
    expect(await breaches(process.cwd())).toEqual([]);
  });

  it('reports a violation of each of its rules', async () => {
    for (const [from, to] of Object.values(BREACHES)) await plant(planted, from, to);
    await plant(planted, `${LIB}/core/b.ts`, `${LIB}/core/a.ts`);
    const found = await breaches(planted);
    for (const [rule, [from, to]] of Object.entries(BREACHES)) expect(found).toContain(`${rule}: ${from} -> ${to}`);
    expect(Object.keys(BREACHES).sort()).toEqual(forbidden.map(({ name }) => name).sort());
  });
});

async function plant(root: string, from: string, to: string): Promise<void> {
  for (const path of [from, to]) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    if (!existsSync(file)) await writeFile(file, 'export const here = 1;\n');
  }
  const specifier = relative(dirname(from), to)
    .replace(/^(?!\.)/, './')
    .replace(/\.ts$/, '.js');
  await writeFile(join(root, from), `export * from '${specifier}';\nexport const here = 1;\n`);
}

/** As `rule: from -> to`. */
function breaches(root: string): Promise<string[]> {
  const folders = ['libs', 'src', 'test', 'bench'].filter((folder) => existsSync(join(root, folder)));
  return new Promise((done, fail) => {
    const args = [CRUISER, '--config', LAW, '--output-type', 'json', ...folders];
    execFile(process.execPath, args, { cwd: root, maxBuffer: 64 << 20, timeout: 280_000 }, (error, stdout, stderr) => {
      if (stdout === '') return fail(error ?? new Error(stderr));
      const { summary } = JSON.parse(stdout) as {
        summary: { violations: { from: string; to: string; rule: { name: string } }[] };
      };
      done(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`));
    });
  });
}
