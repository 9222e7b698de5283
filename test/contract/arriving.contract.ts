import { describe, expect, it } from '@jest/globals';
import { edgeToNewest, newExecution, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';
import type { Worker } from './worker.js';

/** More edges than the verbs of an execution's life attach: its start, its claim, its end, and the next calls. */
const MANY = 1_000;

/** An execution that ends before its many dependents are attached to it. */
export function arrivingContract(open: OpenStore): void {
  const child = { taskId: 'child', queue: 'behind', edges: [edgeToNewest('parent', 'always')] } as const;
  const grandchild = { ...child, taskId: 'grandchild' } as const;

  /** `parents` claims from the queue of parents, `children` from that of those that wait for them. */
  const withFixture = (play: (s: StoreFixture, parents: Worker, children: Worker) => Promise<void>) =>
    fixtures(open)(async (s) => {
      await s.depend('child', 'parent');
      await s.depend('grandchild', 'parent');
      await s.addMany(MANY, { taskId: 'uncle', queue: 'many', edges: [edgeToNewest('parent', 'always')] });
      await play(s, await s.worker('w1'), await s.worker('w2', { queues: ['behind'] }));
    });

  const endedParent = async (s: StoreFixture, parents: Worker): Promise<string> => {
    const id = await s.add({ taskId: 'parent' });
    await parents.complete(await parents.claimOne(id), id);
    return id;
  };

  /** The ready executions, with the parent whose result each has. */
  const claimed = async (s: StoreFixture, children: Worker): Promise<[string, unknown][]> => {
    await s.maintain();
    const claims = await children.claim(50);
    return claims.map(({ executionId, results }) => [executionId, JSON.parse(results!.parent as string)]);
  };

  describe('an execution that ends before all its dependents are attached', () => {
    it(
      'is not used by a new dependent if another execution of the same task waited for it',
      withFixture(async (s, parents, children) => {
        const first = await s.add(child);
        const parent = await endedParent(s, parents);
        const second = await s.add(child);
        expect(await s.statuses(first, second)).toEqual(['PENDING', 'PENDING']);
        expect(await s.waitingFor(second)).toBe('dependencies');
        expect(await claimed(s, children)).toEqual([[first, parent]]);
        const third = await s.add(child);
        const next = await endedParent(s, parents);
        expect(await claimed(s, children)).toEqual([
          [second, next],
          [third, next],
        ]);
      }),
    );

    it(
      'is used by the first later request of a task none of whose executions waited for it, and by that one only',
      withFixture(async (s, parents, children) => {
        await s.add(grandchild);
        const parent = await endedParent(s, parents);
        const request = await s.store.enqueue([newExecution(child), newExecution(child)]);
        const later = await s.add(child);
        const ofOther = await s.add(grandchild);
        expect((await claimed(s, children)).slice(1)).toEqual(request.map((id) => [id, parent]));
        await s.add({ taskId: 'parent', delay: 60_000 });
        const claim = await parents.claim(1);
        expect(claim).toEqual([]);
        await s.advance(60_000);
        const [next] = await parents.claim(1);
        await parents.complete(next!, next!.executionId);
        expect(await claimed(s, children)).toEqual([later, ofOther].map((id) => [id, next!.executionId]));
      }),
    );

    it(
      'is used by a dependent that was bound before the next one arrived, even if it is decided later',
      withFixture(async (s, parents, children) => {
        const parent = await endedParent(s, parents);
        const before = await s.add(child);
        const next = await endedParent(s, parents);
        const behind = await s.add(child);
        const last = await s.add(child);
        expect(await claimed(s, children)).toEqual([
          [before, parent],
          [behind, next],
        ]);
        expect(await s.waitingFor(last)).toBe('dependencies');
      }),
    );

    it(
      'is used again with reuse, and not if it is older than maxAge',
      withFixture(async (s, parents, children) => {
        const parent = await endedParent(s, parents);
        s.clock.advance(1_000);
        const again = await s.add({ ...child, edges: [edgeToNewest('parent', 'success', { reuse: true })] });
        const strict = await s.add({ ...grandchild, edges: [edgeToNewest('parent', 'success', { maxAge: 999 })] });
        const late = await s.add(grandchild);
        expect(await s.waitingFor(again)).toBe('queue');
        expect(await claimed(s, children)).toEqual([
          [again, parent],
          [late, parent],
        ]);
        expect(await s.waitingFor(strict)).toBe('dependencies');
      }),
    );

    it(
      'is not used by a dependent that has ended or timed out meanwhile',
      withFixture(async (s, parents, children) => {
        const parent = await endedParent(s, parents);
        const cancelled = await s.add(child);
        const hasty = await s.add({ ...grandchild, edges: [edgeToNewest('parent', 'success', { timeout: 500 })] });
        await s.store.cancel(cancelled, 0);
        const second = await s.add(child);
        s.clock.advance(500);
        expect(await claimed(s, children)).toEqual([[second, parent]]);
        expect(await s.get(hasty)).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_TIMEOUT' });
        await endedParent(s, parents);
        expect(await claimed(s, children)).toEqual([]);
        expect(await s.statuses(cancelled, hasty)).toEqual(['CANCELLED', 'SKIPPED']);
      }),
    );

    it(
      'is waited for again if it is reopened',
      withFixture(async (s, parents, children) => {
        const parent = await s.add({ taskId: 'parent' });
        await parents.fail(await parents.claimOne(parent));
        const waiting = await s.add(child);
        await s.store.reopen(parent);
        await s.maintain();
        expect(await s.waitingFor(waiting)).toBe('dependencies');
        await parents.complete(await parents.claimOne(parent), parent);
        expect(await claimed(s, children)).toEqual([[waiting, parent]]);
      }),
    );

    it(
      'skips dependents whose edge can no longer be satisfied',
      withFixture(async (s, parents, children) => {
        const parent = await s.add({ taskId: 'parent' });
        await parents.fail(await parents.claimOne(parent));
        const strict = await s.add({ ...child, edges: [edgeToNewest('parent')] });
        const tolerant = await s.add(grandchild);
        await s.maintain();
        expect(await s.get(strict)).toMatchObject({
          status: 'SKIPPED',
          reason: 'DEPENDENCY_FAILED',
          rootCause: { executionId: parent },
        });
        expect(await children.claimIds(9)).toEqual([tolerant]);
      }),
    );
  });
}
