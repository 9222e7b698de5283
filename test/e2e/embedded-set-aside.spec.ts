import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { checksum } from '../../libs/scheduler/src/store/embedded/checksum.js';
import { EmbeddedTaskStore } from '../../libs/scheduler/src/store/embedded/embedded.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { edgeTo, idOf, lockOn, taskRecordOf, newExecution, newSchedule, TASKS } from '../contract/fixtures.js';
import { StoreFixture } from '../contract/store-fixture.js';
import { temporaryFolder } from '../support/open-embedded.js';

type Connection = InstanceType<typeof DatabaseSync>;
type Spoil = (body: string) => string;

/** Ways in which a record with the right checksum may be wrong. */
const SPOILS: [string, Spoil][] = [
  ['no JSON', (body) => body.slice(0, -5)],
  ['no record', () => '7'],
  ['an unknown status', (body) => body.replace(/"status":"\w+"/, '"status":"NOSUCH"')],
  ['an unknown place', (body) => body.replace(/"place":"\w+"/, '"place":"nowhere"')],
  ['no task', (body) => body.replace(/"taskId":"\w+"/, '"taskId":null')],
];

describe('a record that cannot be processed', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let s: StoreFixture;
  let store: EmbeddedTaskStore;
  const clock = new ManualClock();

  beforeEach(async () => {
    folder = temporaryFolder();
    await open();
    await store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
  });
  afterEach(async () => {
    await store.close();
    folder.remove();
  });

  async function open(): Promise<void> {
    store = new EmbeddedTaskStore({ path: folder.path('scheduler.db'), clock, history: { count: 1000 } });
    s = new StoreFixture(store, clock);
    await store.open();
  }

  /** Changes records while the store is closed, and opens it again. */
  async function spoil(change: (database: Connection) => void): Promise<void> {
    await store.close();
    const database = new DatabaseSync(folder.path('scheduler.db'));
    change(database);
    database.close();
    await open();
  }

  const live = (database: Connection, id: string, how: Spoil): void => {
    const row = database.prepare('SELECT number, body, payload, result FROM live WHERE body LIKE ?').get(`%"${id}"%`);
    const { number, body, payload, result } = row as { number: number; body: string; payload: null; result: null };
    const spoiled = how(body);
    expect(spoiled).not.toBe(body);
    const sum = checksum(String(number), spoiled, payload, result);
    database.prepare('UPDATE live SET body = ?, checksum = ? WHERE number = ?').run(spoiled, sum, number);
  };
  const record = (database: Connection, kind: string, key: string, body: string): void => {
    const sum = checksum(kind, key, body);
    database
      .prepare('INSERT OR REPLACE INTO record (kind, key, body, checksum) VALUES (?, ?, ?, ?)')
      .run(kind, key, body, sum);
  };

  it.each(SPOILS)('%s: an execution is set aside, counted and reported, and the others run', async (_, how) => {
    const ids = await s.addMany(3);
    await spoil((database) => live(database, ids[1]!, how));
    expect(await (await s.worker()).claimIds(3)).toEqual([ids[0], ids[2]]);
    expect((await store.stats()).setAside).toBe(1);
    expect(s.effectsOf('setAside')).toMatchObject([{ step: 'read', id: expect.stringMatching(/^execution \d+$/) }]);
    // It stays in the file.
    await store.close();
    await open();
    expect((await store.stats()).setAside).toBe(1);
  });

  it.each(SPOILS)('%s: one in history is skipped by listings, which continue behind it', async (_, how) => {
    const ids = await s.addMany(5);
    const worker = await s.worker();
    for (let i = 0; i < 5; i++) await worker.complete(await worker.claimOne());
    await spoil((database) => {
      const row = database.prepare('SELECT * FROM history WHERE execution_id = ?').get(ids[2]!);
      const { number, status, retired, family, body, payload, result } = row as Record<string, string | null>;
      const spoiled = how(body!);
      const sum = checksum(`${number} ${status} ${retired} ${family}`, spoiled, payload!, result!);
      database.prepare('UPDATE history SET body = ?, checksum = ? WHERE number = ?').run(spoiled, sum, number!);
    });
    const listed: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await store.listExecutions({ limit: 2, ...(cursor ? { cursor } : {}) });
      listed.push(...page.items.map(({ executionId }) => executionId));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(listed).toEqual([4, 3, 1, 0].map((i) => ids[i]));
    expect(await store.getExecution(ids[2]!)).toBeNull();
    expect((await store.stats()).setAside).toBe(1);
  });

  it('of an edge sets its dependent aside, and the other dependent runs', async () => {
    const [upstream] = await s.addMany(1);
    const dependents = [0, 1].map(() => newExecution({ taskId: 'child', edges: [edgeTo(upstream!)] }));
    await store.enqueue(dependents);
    await spoil((database) => {
      const { number, place } = database.prepare('SELECT number, place FROM edge ORDER BY number').get() as {
        number: number;
        place: number;
      };
      const sum = checksum(`${number} ${place}`, '{');
      database
        .prepare("UPDATE edge SET body = '{', checksum = ? WHERE number = ? AND place = ?")
        .run(sum, number, place);
    });
    const worker = await s.worker();
    await worker.complete(await worker.claimOne(upstream));
    expect(await worker.claimIds(2)).toEqual([dependents[1]!.executionId]);
    expect((await store.stats()).setAside).toBe(1);
  });

  it('of an upstream counts as failed for its dependents', async () => {
    const [upstream] = await s.addMany(1);
    const edges = (['success', 'failure', 'completion', 'always'] as const).map((type) => edgeTo(upstream!, type));
    const [onSuccess, ...others] = edges.map((edge) => newExecution({ taskId: 'child', edges: [edge] }));
    await store.enqueue([onSuccess!, ...others]);
    await spoil((database) => live(database, upstream!, (body) => body.slice(1)));
    expect(await s.get(onSuccess!.executionId)).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_FAILED' });
    expect(await (await s.worker()).claimIds(9)).toEqual(others.map(({ executionId }) => executionId));
    // Decided once: the next start finds nothing to do.
    await store.close();
    await open();
    expect(await s.status(onSuccess!.executionId)).toBe('SKIPPED');
  });

  it('of one dependent does not prevent the others from the end of their upstream', async () => {
    const [upstream] = await s.addMany(1);
    const dependents = await s.addMany(250, { taskId: 'child', queue: 'behind', edges: [edgeTo(upstream!)] });
    const worker = await s.worker();
    await worker.complete(await worker.claimOne(upstream));
    await spoil((database) => live(database, dependents[3]!, (body) => body.slice(1)));
    await s.maintain();
    expect(await (await s.worker('w2', { queues: ['behind'] })).claimIds(250)).toHaveLength(249);
  });

  it.each(['one', 'a workflow'] as const)('%s that only it needed moves to history', async (which) => {
    const workflow = {
      workflowId: 'w',
      name: 'w',
      nodes: [{ ref: 'a', executionId: idOf(1), taskId: 'parent', dependsOn: [] }],
    };
    const upstream = newExecution({ executionId: idOf(1), taskId: 'parent' });
    if (which === 'one') await store.enqueue([upstream]);
    else await store.startWorkflow(workflow, [{ ...upstream, workflow: { workflowId: 'w', ref: 'a' } }]);
    const [lost, other] = [newExecution({ edges: [edgeTo(idOf(1))] }), newExecution({ edges: [edgeTo(idOf(1))] })];
    await store.enqueue([lost, other]);
    const worker = await s.worker();
    await worker.complete(await worker.claimOne(idOf(1)));
    const inHistory = (database: Connection): unknown =>
      database.prepare('SELECT count(*) AS count FROM history WHERE execution_id = ?').get(idOf(1));
    await spoil((database) => {
      expect(inHistory(database)).toEqual({ count: 0 });
      live(database, lost.executionId, (body) => body.slice(1));
    });
    await spoil((database) => {
      // The other one still needs it.
      expect(inHistory(database)).toEqual({ count: 0 });
      live(database, other.executionId, (body) => body.slice(1));
    });
    await spoil((database) => expect(inHistory(database)).toEqual({ count: 1 }));
    expect(await s.status(idOf(1))).toBe('COMPLETED');
  });

  it.each([
    ['the last member', ['first']],
    ['a member in the middle', []],
    ['every member', ['first', 'last']],
  ] as const)('does not prevent its workflow from ending: %s was set aside', async (which, ended) => {
    const ids = { first: idOf(1), middle: idOf(2), last: idOf(3) };
    const chain = [
      newExecution({ executionId: ids.first, taskId: 'parent' }),
      newExecution({ executionId: ids.middle, taskId: 'child', edges: [edgeTo(ids.first)] }),
      newExecution({ executionId: ids.last, taskId: 'child', edges: [edgeTo(ids.middle, 'always')] }),
    ];
    const nodes = Object.entries(ids).map(([ref, executionId]) => ({
      ref,
      executionId,
      taskId: 'child',
      dependsOn: [],
    }));
    await store.startWorkflow({ workflowId: 'w', name: 'w', nodes }, chain);
    const worker = await s.worker();
    if (ended.length === 1) {
      await worker.complete(await worker.claimOne(ids.first));
      await worker.complete(await worker.claimOne(ids.middle));
    }
    const spoiled =
      which === 'every member' ? Object.values(ids) : [which === 'the last member' ? ids.last : ids.middle];
    await spoil((database) => spoiled.forEach((id) => live(database, id, (body) => body.slice(1))));
    for (let i = 0; i < 3; i++) {
      const later = await s.worker(`w${i}`);
      for (const claim of await later.claim(9)) await later.complete(claim);
      await s.advance(20_000);
    }
    expect(await store.getWorkflow('w')).toMatchObject({ status: 'FAILED' });
    await store.close();
    await open();
    expect(await store.getWorkflow('w')).toMatchObject({ status: 'FAILED' });
  });

  it('of the holder of a lock frees the lock', async () => {
    const [holder, next] = [newExecution({ lock: lockOn('k') }), newExecution({ lock: lockOn('k') })];
    await store.enqueue([holder, next]);
    await (await s.worker('w1')).claimOne(holder.executionId);
    await spoil((database) => live(database, holder.executionId, (body) => body.slice(1)));
    clock.advance(60_000);
    await s.maintain();
    expect(await (await s.worker('w2')).claimIds(1)).toEqual([next.executionId]);
  });

  it('of any kind blocks neither work nor schedules', async () => {
    await store.putSchedule(newSchedule({ id: 'sound', nextRunTime: clock.now() + 1000 }));
    const [id] = await s.addMany(1);
    await spoil((database) => {
      for (const kind of ['queue', 'task', 'lock', 'schedule', 'key', 'spread', 'window', 'errors'])
        record(database, kind, '99', '{');
      record(database, 'spread', '98', '{"executionId":"none","reopen":false,"next":0}');
      record(database, 'schedule', 'spoiled', '{"record":{"id":"spoiled"},"current":null}');
    });
    expect((await store.stats()).setAside).toBe(10);
    expect(await (await s.worker()).claimIds(1)).toEqual([id]);
    expect((await store.listSchedules()).map((each) => each.id)).toEqual(['sound']);
    await s.maintain();
  });

  it('of the totals is damage: numbers would be assigned twice', async () => {
    await store.close();
    const database = new DatabaseSync(folder.path('scheduler.db'));
    const { key } = database.prepare("SELECT key FROM record WHERE kind = 'totals'").get() as { key: string };
    record(database, 'totals', key, '{');
    database.close();
    await expect(open()).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
  });
});
