import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowInfo } from 'nestjs-advanced-scheduler';
import { buildApp } from '../support/built-library.js';
import { Fleet, workersOf, type AuditRow, type FleetNode } from './fixtures/fleet.js';

const NAMESPACE = 'residency';
const ASSEMBLE = 'residency.rotations.assemble';
const RUNS = 400;
const STEPS = 8;

/** An instance of the service. */
interface Instance {
  child: ChildProcess;
  lines: string[];
  /** The first line that matches, now or later. */
  line: (pattern: RegExp) => Promise<string>;
  ended: Promise<[code: number | null, signal: string | null]>;
}

let app: ReturnType<typeof buildApp>;
let fleet: Fleet;
let dir: string;
const instances: Instance[] = [];

beforeAll(async () => {
  app = buildApp('share');
  const library = join(dirname(app.main), '../node_modules/nestjs-advanced-scheduler/dist/index.js');
  fleet = await Fleet.start('share', pathToFileURL(library).href);
  dir = mkdtempSync(join(tmpdir(), 'share-'));
});
afterAll(async () => {
  for (const { child, ended } of instances) {
    child.kill('SIGKILL');
    await ended;
  }
  await fleet?.close();
  app?.remove();
  rmSync(dir, { recursive: true, force: true });
});

function startInstance(name: string): Instance {
  const cwd = join(dir, name);
  mkdirSync(cwd);
  const env = {
    ...process.env,
    STORE: 'redis',
    REDIS_URL: fleet.redis.url,
    NAMESPACE,
    PORT: '0',
    HISTORY_COUNT: '10000',
    MAX_CONCURRENT_TASKS: '2',
    MAIL_GATEWAY_FAILURES: '0',
  };
  const child = spawn(process.execPath, [app.main], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      for (const look of looks) look();
    });
  const ended = once(child, 'close') as Instance['ended'];
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find((each) => pattern.test(each));
        if (found !== undefined) resolve(found);
      };
      looks.add(look);
      look();
      void ended.then(() => reject(new Error(`it ended without ${pattern}:\n${lines.join('\n')}`)));
    });
  const instance = { child, lines, line, ended };
  instances.push(instance);
  return instance;
}

/** How many of these executions each worker has run. */
function runsByWorker(rows: readonly AuditRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, , , , , , attempts] of rows)
    for (const { workerId } of attempts) counts.set(workerId!, (counts.get(workerId!) ?? 0) + 1);
  return counts;
}

describe('two instances of the service on one Redis', () => {
  let observer: FleetNode;

  it('run the workflow once for each start', async () => {
    // One after the other: an instance that starts in between continues the active run.
    for (const name of ['one', 'two']) {
      const { line, lines } = startInstance(name);
      await line(/workflow COMPLETED in \d+ ms/);
      expect(lines.filter((each) => /workflow \S+: 8 steps/.test(each))).toHaveLength(1);
    }
    observer = await fleet.join({
      options: { namespace: NAMESPACE, role: 'producer', appName: 'observer', history: 10_000 },
    });
    const { items } = (await observer.scheduler('listWorkflows')) as { items: WorkflowInfo[] };
    expect(items.map(({ status, nodes }) => [status, nodes.length])).toEqual([
      ['COMPLETED', STEPS],
      ['COMPLETED', STEPS],
    ]);
    const rows = (await observer.call('audit')) as AuditRow[];
    expect(rows.map(([, , status]) => status).sort()).toEqual([
      ...Array<string>(2 * STEPS - 2).fill('COMPLETED'),
      ...['SKIPPED', 'SKIPPED'],
    ]);
    expect(rows.filter(([, , , , , , attempts]) => attempts.length > 1)).toEqual([]);
  });

  it('share what a third process schedules, and lose nothing when one of them is stopped', async () => {
    const workers = await workersOf(observer);
    expect(workers.map(({ pid }) => pid).sort()).toEqual(instances.map(({ child }) => child.pid).sort());
    const [leaves, stays] = instances as [Instance, Instance];
    const idOf = ({ child }: Instance): string => workers.find(({ pid }) => pid === child.pid)!.workerId;

    const ids = (await observer.scheduler(
      'scheduleTasks',
      Array.from({ length: RUNS }, () => ({ taskId: ASSEMBLE })),
    )) as string[];
    await observer.scheduler('waitForExecution', ids[RUNS / 4]);
    leaves.child.kill('SIGTERM');
    expect(await leaves.ended).toEqual([0, null]);
    const left = (await workersOf(observer)).map(({ workerId }) => workerId);
    expect(left).toEqual([idOf(stays)]);

    await Promise.all(ids.map((id) => observer.scheduler('waitForExecution', id)));
    const rows = ((await observer.call('audit', { taskId: ASSEMBLE })) as AuditRow[]).filter(([id]) =>
      ids.includes(id),
    );
    expect(rows).toHaveLength(RUNS);
    for (const [id, , status, , , retryCount, attempts] of rows)
      expect([id, status, retryCount, attempts.length]).toEqual([id, 'COMPLETED', 0, 1]);
    const counts = runsByWorker(rows);
    expect([...counts.keys()].sort()).toEqual([idOf(leaves), idOf(stays)].sort());
    const { crashed, stale } = (await observer.scheduler('getHealthStatus')).metrics;
    expect([crashed, stale]).toEqual([0, 0]);
    process.stdout.write(
      `of ${RUNS}: ${counts.get(idOf(leaves))} by the one that left, ${counts.get(idOf(stays))} by the other\n`,
    );
  });
});
