import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { CronSchedule, TaskExecution } from 'nestjs-advanced-scheduler';
import { withOtherScripts, type OtherRelease } from '../support/other-release.js';
import { until } from '../support/until.js';
import { Fleet, type AuditRow, type FleetNode, type NodeSettings, type NodeTask } from './fixtures/fleet.js';

const RUNS = 300;

let fleet: Fleet;
/** The library as another release, whose scripts are not the same text. */
let otherRelease: OtherRelease;
beforeAll(async () => {
  fleet = await Fleet.start('rolling');
  otherRelease = withOtherScripts(fleet.library);
});
afterEach(() => fleet.endAll());
afterAll(async () => {
  await fleet?.close();
  otherRelease?.remove();
});

const note = (taskId: string, options: Partial<NodeTask> = {}): NodeTask => ({ taskId, handler: 'note', ...options });
const version = (taskId: string, handler: 'old' | 'new', options: Partial<NodeTask> = {}): NodeTask => ({
  taskId,
  handler,
  ...options,
});

describe('a rolling deploy', () => {
  it('leaves an execution to the node that has its handler, without a failure or an attempt', async () => {
    const join = (tasks: NodeTask[], appVersion: string): Promise<FleetNode> =>
      fleet.join({ tasks, options: { namespace: 'lacking', version: appVersion } });
    const old = await join([note('common')], '1.0.0');
    const first = await join([note('common'), note('added')], '2.0.0');
    await first.stop();

    const requests = Array.from({ length: RUNS }, (_, i) => ({ taskId: i % 2 === 0 ? 'added' : 'common' }));
    const ids = (await old.scheduler('scheduleTasks', requests)) as string[];
    const added = ids.filter((_, i) => i % 2 === 0);
    // The old node skips what it cannot run, and runs the rest.
    await old.call('ended', RUNS / 2);
    const look = (id: string): Promise<TaskExecution> => old.scheduler('getTaskStatus', id);
    await until(async () => (await look(added.at(-1)!)).waitingFor?.kind === 'handler');
    for (const { status, waitingFor, attempts } of await Promise.all(added.map(look)))
      expect([status, waitingFor?.kind, attempts]).toEqual(['PENDING', 'handler', []]);

    const second = await join([note('common'), note('added')], '2.0.0');
    await old.call('ended', RUNS);
    const rows = (await old.call('audit')) as AuditRow[];
    expect(rows).toHaveLength(RUNS);
    for (const [id, taskId, status, , result, retryCount, attempts] of rows) {
      expect([id, status, retryCount, attempts.length]).toEqual([id, 'COMPLETED', 0, 1]);
      expect(result).toBe(taskId === 'added' ? second.pid : old.pid);
    }
  });

  it('runs old and new code at the same time, with different scripts, and never returns to an older definition', async () => {
    const options = { namespace: 'side', maxConcurrentTasks: 2, history: 10_000 };
    const settings: Record<'old' | 'new', NodeSettings> = {
      old: {
        tasks: [version('both', 'old', { priority: 'LOW' })],
        options: { ...options, version: '1.9.0' },
        library: otherRelease.index,
      },
      new: { tasks: [version('both', 'new', { priority: 'HIGH' })], options: { ...options, version: '1.10.0' } },
    };
    // The old one starts last, like a restarted node of the last release.
    await fleet.join(settings.new);
    await fleet.join(settings.old);
    const producer = await fleet.join({ options: { ...options, role: 'producer' } });

    const requests = Array.from({ length: 10 * RUNS }, () => ({ taskId: 'both' }));
    const ids = (await producer.scheduler('scheduleTasks', requests)) as string[];
    await producer.call('ended', ids.length);
    const rows = (await producer.call('audit')) as AuditRow[];
    const count = (wanted: string): number =>
      rows.filter(([, , status, , result]) => status === 'COMPLETED' && result === wanted).length;
    expect(count('old')).toBeGreaterThan(0);
    expect(count('new')).toBeGreaterThan(0);
    expect(count('old') + count('new')).toBe(ids.length);
    expect((await producer.scheduler('getTaskStatus', ids[0]!)).priority).toBe('HIGH');
  });

  it('creates each schedule of decorators once, however many nodes start together', async () => {
    const cron = (id: string, expression: string): NodeTask =>
      note(id, { cron: { expression, timezone: 'Europe/Zurich' } });
    const tasks = Array.from({ length: 20 }, (_, i) => cron(`nightly-${i}`, `${i} 2 * * *`));
    const options = { namespace: 'schedules', version: '1.0.0' };
    const nodes = await Promise.all([1, 2, 3].map(() => fleet.join({ tasks, options })));
    const expected = tasks.map(({ taskId }, i) => [taskId, `${i} 2 * * *`]).sort();
    for (const node of nodes) expect(await schedulesOf(node)).toEqual(expected);
  });

  it('keeps the schedules of the new release while nodes of the old one still start', async () => {
    const cron = (id: string, expression: string): NodeTask => note(id, { cron: expression });
    const [before, after] = ['0 2 * * *', '30 3 * * *'];
    const options = { namespace: 'mixed' };
    const [next] = await Promise.all([
      fleet.join({ tasks: [cron('kept', after), cron('new', after)], options: { ...options, version: '2.0.0' } }),
      fleet.join({ tasks: [cron('kept', before), cron('old', before)], options: { ...options, version: '1.0.0' } }),
    ]);
    await fleet.join({ tasks: [cron('kept', before), cron('old', before)], options: { ...options, version: '1.0.0' } });
    // The schedule of the old release is removed when no live node has declared it for ten minutes.
    expect(await schedulesOf(next)).toEqual([
      ['kept', after],
      ['new', after],
      ['old', before],
    ]);
  });
});

async function schedulesOf(node: FleetNode): Promise<[id: string, expression: string][]> {
  const schedules = (await node.scheduler('listCronTasks')) as CronSchedule[];
  return schedules.map(({ id, cronExpression }): [string, string] => [id, cronExpression]).sort();
}
