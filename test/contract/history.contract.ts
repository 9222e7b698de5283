import { describe, expect, it } from '@jest/globals';
import { edgeTo, edgeToNewest, HOUR, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';

/** Adds executions to a separate queue and completes them one by one. */
async function finish(s: StoreFixture, count: number, result?: unknown): Promise<string[]> {
  const worker = await s.worker('finisher', { queues: ['finish'] });
  const ids = await s.addMany(count, { queue: 'finish' });
  for (const id of ids) {
    await worker.complete(await worker.claimOne(id), result);
    s.clock.advance(1);
  }
  return ids;
}

async function kept(s: StoreFixture, ids: readonly string[]): Promise<string[]> {
  const found = await Promise.all(ids.map((id) => s.store.getExecution(id)));
  return ids.filter((_, i) => found[i] !== null);
}

export function historyContract(open: OpenStore): void {
  const byCount = fixtures(open, { history: { count: 3, age: null, bytes: null } });
  const byAge = fixtures(open, { history: { count: 1_000, age: HOUR, bytes: null } });
  const byBytes = fixtures(open, { history: { count: 1_000, age: null, bytes: 20_000 } });

  describe('history', () => {
    it(
      'keeps the newest, trimmed by the transition that ends one more',
      byCount(async (s) => {
        const ids = await finish(s, 5);
        expect(await kept(s, ids)).toEqual(ids.slice(2));
        const stats = await s.stats();
        expect(stats.byStatus.COMPLETED).toBe(3);
        expect(stats.counters.completed).toBe(5);
        expect((await s.store.listExecutions({})).items.map((item) => item.executionId)).toEqual(
          ids.slice(2).reverse(),
        );
      }),
    );

    it(
      'counts each outcome separately',
      byCount(async (s) => {
        const worker = await s.worker();
        const failed = await s.add();
        await worker.fail(await worker.claimOne(failed));
        const cancelled = await s.add();
        await s.store.cancel(cancelled, 0);
        const ids = [failed, cancelled, ...(await finish(s, 4))];
        await s.maintain();
        expect(await kept(s, ids)).toEqual([failed, cancelled, ...ids.slice(3)]);
      }),
    );

    it(
      'does not count active executions',
      byCount(async (s) => {
        const live = await s.addMany(10, { delay: HOUR });
        const ids = await finish(s, 3);
        expect(await kept(s, [...live, ...ids])).toHaveLength(13);
      }),
    );

    it(
      'drops entries that are too old by maintenance',
      byAge(async (s) => {
        const old = await finish(s, 2);
        await s.advance(HOUR / 2);
        const young = await finish(s, 2);
        await s.advance(HOUR / 2);
        expect(await kept(s, [...old, ...young])).toEqual(young);
        await s.advance(HOUR);
        expect(await kept(s, young)).toEqual([]);
        expect((await s.stats()).byStatus.COMPLETED).toBe(0);
      }),
    );

    it(
      'drops the oldest entries when it grows too large',
      byBytes(async (s) => {
        const ids = await finish(s, 8, 'x'.repeat(5_000));
        await s.maintain();
        const left = await kept(s, ids);
        expect(left.length).toBeGreaterThan(0);
        expect(left.length).toBeLessThanOrEqual(4);
        expect(left).toEqual(ids.slice(-left.length));
      }),
    );

    it(
      'keeps what an active dependent needs, and drops it afterwards',
      byCount(async (s) => {
        const worker = await s.worker();
        const parent = await s.add({ taskId: 'parent' });
        const other = await s.add({ taskId: 'uncle' });
        const child = await s.add({
          taskId: 'child',
          edges: [edgeTo(parent), edgeTo(other, 'success', { taskId: 'uncle', ref: 'uncle' })],
        });
        await worker.complete(await worker.claimOne(parent), 'kept');
        const run = await worker.claimOne(other);
        await finish(s, 5);
        expect((await s.get(parent)).status).toBe('COMPLETED');
        await worker.complete(run, 'too');
        await finish(s, 5);
        const claim = await worker.claimOne(child);
        expect(claim.results).toEqual({ parent: '"kept"', uncle: '"too"' });
        await worker.complete(claim);
        await finish(s, 5);
        expect(await kept(s, [parent, other, child])).toEqual([]);
      }),
    );

    it(
      'keeps what a new dependent names',
      byCount(async (s) => {
        const worker = await s.worker();
        const parent = await s.add({ taskId: 'parent' });
        await worker.complete(await worker.claimOne(parent), 'kept');
        const other = await s.add({ taskId: 'uncle' });
        const child = await s.add({
          taskId: 'child',
          edges: [edgeTo(parent), edgeTo(other, 'success', { taskId: 'uncle', ref: 'uncle' })],
        });
        await finish(s, 5);
        expect((await s.get(parent)).result).toBe('kept');
        await worker.complete(await worker.claimOne(other));
        await finish(s, 5);
        expect((await worker.claimOne(child)).results).toEqual({ parent: '"kept"', uncle: null });
      }),
    );

    it(
      'keeps the outcome of the newest execution of a task that a definition depends on',
      byCount(async (s) => {
        await s.depend('child', 'parent');
        const worker = await s.worker();
        const parent = await s.add({ taskId: 'parent' });
        await worker.complete(await worker.claimOne(parent), 'kept');
        await finish(s, 5);
        expect((await s.get(parent)).result).toBe('kept');
        const child = await s.add({ taskId: 'child', edges: [edgeToNewest('parent')] });
        expect((await worker.claimOne(child)).results).toEqual({ parent: '"kept"' });
      }),
    );

    it(
      'drops that outcome when there is a newer one',
      byCount(async (s) => {
        await s.depend('child', 'parent');
        const worker = await s.worker();
        const parents: string[] = [];
        for (let i = 0; i < 3; i++) {
          parents.push(await s.add({ taskId: 'parent' }));
          await worker.complete(await worker.claimOne(parents[i]));
        }
        await finish(s, 5);
        expect(await kept(s, parents)).toEqual(parents.slice(2));
      }),
    );

    it(
      'is not kept by a dependent that ended before it was bound',
      byCount(async (s) => {
        const worker = await s.worker();
        const child = await s.add({ taskId: 'child', edges: [edgeToNewest('parent')] });
        await s.store.cancel(child, 0);
        const parents = await s.addMany(2, { taskId: 'parent' });
        for (const claim of await worker.claim(2)) await worker.complete(claim);
        await finish(s, 5);
        await s.store.cancel(await s.add(), 0);
        expect(await kept(s, [child, parents[0]!])).toEqual([child]);
        for (let i = 0; i < 2; i++) await s.store.cancel(await s.add(), 0);
        expect(await kept(s, [child])).toEqual([]);
      }),
    );
  });
}
