import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { settle, type NewExecution } from '../../libs/scheduler/src/core/commands.js';
import { Database } from '../../libs/scheduler/src/store/embedded/database.js';
import { EmbeddedTaskStore } from '../../libs/scheduler/src/store/embedded/embedded.store.js';
import { checksum } from '../../libs/scheduler/src/store/embedded/checksum.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { edgeTo, edgeToNewest, taskRecordOf, newExecution, TASKS } from '../contract/fixtures.js';
import { StoreFixture } from '../contract/store-fixture.js';
import { temporaryFolder } from '../support/open-embedded.js';

jest.setTimeout(120_000);

/** Bytes of text that statements have written, and the largest one. */
const written = { bytes: 0, largest: 0 };
const { prepare } = Database.prototype;

describe('an execution with many upstreams, on disk', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let stores: EmbeddedTaskStore[] = [];
  const clock = new ManualClock();

  beforeEach(() => {
    folder = temporaryFolder();
    Database.prototype.prepare = function (sql) {
      const statement = prepare.call(this, sql);
      return {
        run: (...values) => {
          const size = values.reduce<number>((sum, each) => sum + (typeof each === 'string' ? each.length : 0), 0);
          written.bytes += size;
          written.largest = Math.max(written.largest, size);
          return statement.run(...values);
        },
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
      };
    };
  });
  afterEach(async () => {
    Database.prototype.prepare = prepare;
    for (const store of stores) await store.close();
    stores = [];
    folder.remove();
  });

  const open = async (name: string): Promise<StoreFixture> => {
    const store = new EmbeddedTaskStore({
      path: folder.path(name),
      sync: 'interval',
      clock,
      history: { count: 50_000 },
    });
    stores.push(store);
    await store.open();
    await store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
    return new StoreFixture(store, clock);
  };
  const joinOf = (ids: readonly string[]): NewExecution =>
    newExecution({ taskId: 'child', edges: ids.map((id, i) => edgeTo(id, 'success', { ref: `u${i}` })) });
  /** Bytes written per execution, when this number of executions ends, one per commit. */
  const bytesPerEnd = async (count: number): Promise<number> => {
    const s = await open(`${count}.db`);
    const ids = await s.addMany(count);
    const [join] = await s.store.enqueue([joinOf(ids)]);
    const worker = await s.worker();
    const claims = [];
    while (claims.length < count) claims.push(...(await worker.claim(250)));
    written.bytes = written.largest = 0;
    for (const claim of claims) await worker.settle(settle.complete(claim, '1'));
    expect(await s.waitingFor(join!)).toBe('queue');
    return written.bytes / count;
  };

  it('costs the same for each upstream, however many there are', async () => {
    const few = await bytesPerEnd(100);
    const many = await bytesPerEnd(2_000);
    expect(many).toBeLessThan(1.5 * few);
    expect(written.largest).toBeLessThan(2_000);
  });

  it('is written in bounded rows when it ends, and is loaded from history with its edges', async () => {
    const s = await open('ends.db');
    const ids = await s.addMany(1_000);
    const join = joinOf(ids);
    await s.store.enqueue([join]);
    const worker = await s.worker();
    for (let done = 0; done < 1_000; done += 250)
      await worker.settle(...(await worker.claim(250)).map((claim) => settle.complete(claim, '1')));
    await s.maintain();
    written.largest = 0;
    await worker.fail(await worker.claimOne(join.executionId));
    expect(written.largest).toBeLessThan(2_000);
    await s.store.close();
    const again = await open('ends.db');
    expect(await again.store.reopen(join.executionId)).toMatchObject({ is: 'PENDING' });
    await again.maintain();
    const { results } = await (await again.worker('w2')).claimOne(join.executionId);
    expect(Object.keys(results!)).toEqual(ids.map((_, i) => `u${i}`));
    expect(new Set(Object.values(results!))).toEqual(new Set(['1']));
  });

  it('continues where it was when the process ends between two steps', async () => {
    const first = await open('steps.db');
    const ids = await first.addMany(250, { priority: 1 });
    const join = joinOf(ids);
    await first.store.enqueue([join]);
    const waiting = await first.addMany(250, { taskId: 'child', edges: [edgeToNewest('parent')], queue: 'behind' });
    await first.add({ taskId: 'parent', priority: 0 });
    await first.store.cancel(join.executionId, 0);
    let s = first;
    const restart = async (step: (s: StoreFixture) => Promise<unknown>): Promise<void> => {
      await step(s);
      await s.store.close();
      s = await open('steps.db');
    };
    await restart(async () => undefined);
    await restart(async (s) => s.store.reopen(join.executionId));
    await restart(async (s) => {
      const worker = await s.worker();
      await worker.complete(await worker.claimOne());
    });
    for (let i = 0; i < 6; i++) await restart((s) => s.store.promote(1));
    expect((await s.get(join.executionId)).waitingFor!.dependencies!).toHaveLength(250);
    const worker = await s.worker('last');
    for (let done = 0; done < 250; done += 50)
      await worker.settle(...(await worker.claim(50)).map((claim) => settle.complete(claim, '1')));
    await s.maintain();
    expect(await worker.claimIds(9)).toEqual([join.executionId]);
    const behind = await s.worker('behind', { queues: ['behind'] });
    expect(new Set(await behind.claimIds(250))).toEqual(new Set(waiting));
  });

  it('is dropped with its edges', async () => {
    const path = folder.path('dropped.db');
    const store = new EmbeddedTaskStore({ path, clock, history: { count: 0 } });
    stores.push(store);
    await store.open();
    const s = new StoreFixture(store, clock);
    const ids = await s.addMany(3);
    await store.enqueue([joinOf(ids)]);
    const worker = await s.worker();
    for (let i = 0; i < 4; i++) await worker.complete(await worker.claimOne());
    await store.close();
    const database = new DatabaseSync(path);
    expect(database.prepare('SELECT count(*) AS n FROM edge').get()).toMatchObject({ n: 0 });
    database.close();
  });

  it('in a file of the first schema keeps its edges', async () => {
    const s = await open('old.db');
    const ids = await s.addMany(3);
    const join = joinOf(ids);
    await s.store.enqueue([join]);
    const worker = await s.worker();
    await worker.complete(await worker.claimOne(ids[0]));
    await worker.release(await worker.claimOne(ids[1]));
    await s.store.close();
    toFirstSchema(folder.path('old.db'));
    const again = await open('old.db');
    expect(await again.waitingFor(join.executionId)).toBe('dependencies');
    const w2 = await again.worker('w2');
    await w2.complete(await w2.claimOne(ids[1]));
    await again.store.close();
    const last = await open('old.db');
    const w3 = await last.worker('w3');
    await w3.complete(await w3.claimOne(ids[2]));
    expect((await w3.claimOne(join.executionId)).results).toEqual({ u0: null, u1: null, u2: null });
  });
});

/** Removes what later schemas have added. */
const FIRST_SCHEMA = `
  DROP TABLE edge;
  DROP INDEX history_queue; DROP INDEX history_outcome;
  ALTER TABLE history DROP COLUMN outcome; ALTER TABLE history DROP COLUMN queue;
  CREATE INDEX history_retired ON history (retired);
  DROP INDEX workflow_outcome;
  ALTER TABLE workflow DROP COLUMN outcome; ALTER TABLE workflow DROP COLUMN completed_time;
  ALTER TABLE workflow DROP COLUMN bytes;
  CREATE INDEX workflow_ended ON workflow (ended) WHERE family > 0;
  PRAGMA user_version = 1;
`;

/** Creates a file with the first schema: edges are in the bodies of executions. */
function toFirstSchema(path: string): void {
  const database = new DatabaseSync(path);
  const edges = database.prepare('SELECT number, body FROM edge ORDER BY number, place').all() as {
    number: number;
    body: string;
  }[];
  for (const { number } of edges) {
    const row = database.prepare('SELECT body, payload, result FROM live WHERE number = ?').get(number) as {
      body: string;
      payload: string | null;
      result: string | null;
    };
    const record = JSON.parse(row.body) as { extra: { edges: unknown } };
    record.extra.edges = edges.filter((each) => each.number === number).map((each) => JSON.parse(each.body) as unknown);
    const body = JSON.stringify(record);
    const sum = checksum(String(number), body, row.payload, row.result);
    database.prepare('UPDATE live SET body = ?, checksum = ? WHERE number = ?').run(body, sum, number);
  }
  database.exec(FIRST_SCHEMA);
  database.close();
}
