import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { checksum } from '../../libs/scheduler/src/store/embedded/checksum.js';
import { EmbeddedTaskStore } from '../../libs/scheduler/src/store/embedded/embedded.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { edgeTo, edgeToNewest, taskRecordOf, TASKS } from '../contract/fixtures.js';
import { StoreFixture } from '../contract/store-fixture.js';
import type { Worker } from '../contract/worker.js';
import { temporaryFolder } from '../support/open-embedded.js';
import { openRedisOn } from '../support/open-redis.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

jest.setTimeout(120_000);

/** More edges than the verbs between two steps move. */
const MANY = 400;
const KEPT = 2;
const HISTORY = { COMPLETED: { count: KEPT } };

/** A store of which the stored steps can be damaged. */
interface Damaged {
  s: StoreFixture;
  /** Makes all stored steps unreadable. @returns how many there were */
  damage(): Promise<number>;
  close(): Promise<void>;
}

let redis: RedisServer;
let namespaces = 0;
beforeAll(async () => void (redis = await startRedis()));
afterAll(() => redis.stop());

const onRedis = async (): Promise<Damaged> => {
  const { store, clock, close } = await openRedisOn(() => redis)({ history: HISTORY });
  const key = `{t${++namespaces}}:cont`;
  const damage = async (): Promise<number> => {
    const count = Number((await redis.command('LLEN', key)).slice(1));
    for (let at = 0; at < count; at++) await redis.command('LSET', key, `${at}`, 'garbage');
    return count;
  };
  return { s: new StoreFixture(store, clock), damage, close };
};

const onDisk = async (): Promise<Damaged> => {
  const folder = temporaryFolder();
  const clock = new ManualClock();
  const path = folder.path('scheduler.db');
  const open = async (): Promise<StoreFixture> => {
    const store = new EmbeddedTaskStore({ path, clock, sync: 'interval', history: HISTORY });
    await store.open();
    return new StoreFixture(store, clock);
  };
  const opened: Damaged = {
    s: await open(),
    damage: async () => {
      await opened.s.store.close();
      const database = new DatabaseSync(path);
      const keys = database.prepare("SELECT key FROM record WHERE kind = 'spread'").all() as { key: string }[];
      const spoil = database.prepare("UPDATE record SET body = '{', checksum = ? WHERE kind = 'spread' AND key = ?");
      for (const { key } of keys) spoil.run(checksum('spread', key, '{'), key);
      database.close();
      opened.s = await open();
      return keys.length;
    },
    close: async () => {
      await opened.s.store.close();
      folder.remove();
    },
  };
  return opened;
};

/** Where these executions wait, or how they have ended. */
async function whereOf(s: StoreFixture, ids: readonly string[]): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const id of ids) {
    const { status, waitingFor } = await s.get(id);
    const where = waitingFor?.kind ?? status;
    found[where] = (found[where] ?? 0) + 1;
  }
  return found;
}

async function completeAll(s: StoreFixture, name: string, count: number): Promise<void> {
  const worker = await s.worker(name, { queues: ['behind', 'default'] });
  for (const claim of await worker.claimAll(count)) await worker.complete(claim, 'done');
  await s.maintain();
}

describe.each([
  ['redis', onRedis],
  ['embedded', onDisk],
] as const)('steps of dependents that cannot be read, %s', (_, open) => {
  const play = (act: (each: Damaged) => Promise<void>) => async (): Promise<void> => {
    const opened = await open();
    try {
      await opened.s.store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
      await act(opened);
    } finally {
      await opened.close();
    }
  };
  const endParent = async (s: StoreFixture, worker: Worker): Promise<void> => {
    const parent = await s.add({ taskId: 'parent' });
    await worker.complete(await worker.claimOne(parent), 'next');
  };
  /** Nothing keeps it any more. */
  const expectGone = async (s: StoreFixture, id: string): Promise<void> => {
    for (let i = 0; i <= KEPT; i++) await s.add();
    await completeAll(s, 'last', KEPT + 1);
    expect(await s.store.getExecution(id)).toBeNull();
  };

  it(
    'do not keep dependents from the end of their upstream',
    play(async (each) => {
      const parent = await each.s.add({ taskId: 'parent' });
      const ids = await each.s.addMany(MANY, { queue: 'behind', edges: [edgeTo(parent)] });
      const worker = await each.s.worker();
      await worker.complete(await worker.claimOne(parent), 'first');
      const count = await each.damage();
      expect(count).toBeGreaterThan(0);
      const { s } = each;
      await s.maintain();
      expect(await whereOf(s, ids)).toEqual({ queue: MANY });
      expect((await s.stats()).setAside).toBe(count);
      await completeAll(s, 'w2', MANY);
      await expectGone(s, parent);
    }),
  );

  it(
    'do not keep dependents from a failure of their upstream, nor from its retry',
    play(async (each) => {
      const parent = await each.s.add({ taskId: 'parent' });
      const ids = await each.s.addMany(MANY, { queue: 'behind', edges: [edgeTo(parent)] });
      const worker = await each.s.worker();
      await worker.fail(await worker.claimOne(parent));
      await each.damage();
      await each.s.maintain();
      expect(await whereOf(each.s, ids)).toEqual({ SKIPPED: MANY });
      await each.s.store.reopen(parent);
      // Some of the dependents are back, and none of their edges is attached.
      expect(await each.damage()).toBeGreaterThan(1);
      const { s } = each;
      const again = await s.worker('w2');
      await again.complete(await again.claimOne(parent), 'second');
      await s.maintain();
      const { queue = 0, SKIPPED = 0 } = await whereOf(s, ids);
      expect([queue > 0, queue + SKIPPED]).toEqual([true, MANY]);
      await completeAll(s, 'w3', queue);
      await expectGone(s, parent);
    }),
  );

  it(
    'do not keep a cancelled execution from releasing its upstreams, nor a retried one from waiting for them',
    play(async (each) => {
      const parents = await each.s.addMany(MANY, { taskId: 'parent' });
      const edges = parents.map((id, at) => edgeTo(id, 'success', { ref: `r${at}` }));
      const [child, gone] = await each.s.addMany(2, { queue: 'behind', edges });
      for (const id of [child!, gone!]) await each.s.store.cancel(id, 0);
      expect(await each.damage()).toBeGreaterThan(0);
      await each.s.maintain();
      await each.s.store.reopen(child!);
      expect(await each.damage()).toBeGreaterThan(0);
      const { s } = each;
      await s.maintain();
      await completeAll(s, 'w1', MANY);
      expect(await whereOf(s, [child!])).toEqual({ queue: 1 });
      await completeAll(s, 'w2', 1);
      await expectGone(s, parents[0]!);
    }),
  );

  it.each([false, true])('do not keep what waited for the next execution of a task: it has ended: %s', (isEnded) =>
    play(async (each) => {
      const ids = await each.s.addMany(MANY, { queue: 'behind', edges: [edgeToNewest('parent')] });
      const worker = await each.s.worker();
      const parent = await each.s.add({ taskId: 'parent' });
      if (isEnded) await worker.complete(await worker.claimOne(parent), 'first');
      expect(await each.damage()).toBeGreaterThan(0);
      const { s } = each;
      const again = await s.worker('w2');
      if (!isEnded) await again.complete(await again.claimOne(parent), 'first');
      await s.maintain();
      expect(await whereOf(s, ids)).toEqual({ queue: MANY });
      // It is used by one request of a task.
      const next = await s.add({ edges: [edgeToNewest('parent')] });
      expect(await s.waitingFor(next)).toBe('dependencies');
      await completeAll(s, 'w3', MANY);
      await endParent(s, await s.worker('w4'));
      await completeAll(s, 'w5', 1);
      await expectGone(s, parent);
    })(),
  );
});
