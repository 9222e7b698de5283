import { describe, expect, it } from '@jest/globals';
import { MAX_CRASHES } from '../../libs/scheduler/src/core/limits.js';
import { edgeTo, edgeToNewest, idOf, LEASE, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function reopenContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('reopen', () => {
    it(
      'runs a FAILED execution again, with all attempts; attempt numbers continue',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        await worker.retry(await worker.claimOne(id));
        await s.maintain();
        const last = await worker.claimOne(id);
        await worker.fail(last);
        expect(await s.store.reopen(id)).toMatchObject({ is: 'PENDING' });
        await s.maintain();
        expect(await s.get(id)).toMatchObject({
          status: 'PENDING',
          retryCount: 0,
          reason: null,
          completedTime: null,
          waitingFor: { kind: 'queue' },
        });
        expect(s.transitions(id).at(-1)).toBe('reopened');
        const claim = await worker.claimOne(id);
        expect(claim).toMatchObject({ run: 3, failures: 0 });
        expect(claim.leaseToken).toBeGreaterThan(last.leaseToken);
        await worker.complete(claim);
        expect((await s.get(id)).attempts.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
          [1, 'FAILED'],
          [2, 'FAILED'],
          [3, 'COMPLETED'],
        ]);
      }),
    );

    it(
      'does not count an edge twice that was satisfied before its upstream ended again',
      withFixture(async (s) => {
        const first = await s.add();
        await s.store.cancel(first, 0);
        const second = await s.add({ taskId: 'parent', delay: 60_000 });
        const child = await s.add({ taskId: 'child', edges: [edgeTo(first, 'always'), edgeTo(second)] });
        await s.store.reopen(first);
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(first));
        expect(await s.get(child)).toMatchObject({ status: 'PENDING', waitingFor: { kind: 'dependencies' } });
      }),
    );

    it(
      'waits for an open edge for the whole timeout of the edge again',
      withFixture(async (s) => {
        const [parent, uncle] = [await s.add({ taskId: 'parent' }), await s.add({ taskId: 'uncle' })];
        const cancelled = await s.add({ taskId: 'child', edges: [edgeTo(parent, 'success', { timeout: 10_000 })] });
        const unbound = await s.add({
          taskId: 'child',
          edges: [edgeToNewest('nightly', 'success', { timeout: 9_000 })],
        });
        const skipped = await s.add({
          taskId: 'grandchild',
          edges: [
            edgeTo(parent, 'success', { timeout: 20_000 }),
            edgeTo(uncle, 'success', { taskId: 'uncle', ref: 'uncle' }),
          ],
        });
        await s.advance(6_000);
        for (const id of [cancelled, unbound, uncle])
          expect(await s.store.cancel(id, 0)).toMatchObject({ is: 'CANCELLED' });
        await s.maintain();
        expect(await s.status(skipped)).toBe('SKIPPED');
        for (const id of [cancelled, unbound, uncle]) expect(await s.store.reopen(id)).toMatchObject({ is: 'PENDING' });
        await s.advance(8_999);
        expect(await s.statuses(cancelled, unbound, skipped)).toEqual(['PENDING', 'PENDING', 'PENDING']);
        expect(s.effectsOf('timerDue').map(({ at }) => at)).toContain(s.now + 1);
        await s.advance(1);
        expect(await s.get(unbound)).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_TIMEOUT' });
        expect(await s.status(cancelled)).toBe('PENDING');
        await s.advance(1_000);
        expect(await s.get(cancelled)).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_TIMEOUT' });
        expect(await s.status(skipped)).toBe('PENDING');
        await s.advance(10_000);
        expect(await s.get(skipped)).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_TIMEOUT' });
        expect((await s.stats()).waitingForDependencies).toBe(0);
      }),
    );

    it(
      'has no timeout for an edge that is satisfied by now',
      withFixture(async (s) => {
        const worker = await s.worker();
        const parent = await s.add({ taskId: 'parent' });
        const child = await s.add({ taskId: 'child', edges: [edgeTo(parent, 'success', { timeout: 10_000 })] });
        await s.store.cancel(child, 0);
        await s.store.reopen(child);
        await worker.complete(await worker.claimOne(parent));
        await s.advance(20_000);
        expect(await worker.claimIds(9)).toEqual([child]);
      }),
    );

    it(
      'resets the number of crashes',
      withFixture(async (s) => {
        const id = await s.add();
        let n = 0;
        const crash = async () => {
          await (await s.worker(`w${++n}`)).claimOne(id);
          s.clock.advance(LEASE);
          await s.rescue();
        };
        for (let i = 0; i < MAX_CRASHES; i++) await crash();
        expect(await s.status(id)).toBe('FAILED');
        await s.store.reopen(id);
        for (let i = 1; i < MAX_CRASHES; i++) await crash();
        expect(await s.status(id)).toBe('PENDING');
        await crash();
        expect(await s.get(id)).toMatchObject({ status: 'FAILED', reason: 'WORKER_LOST' });
      }),
    );

    it(
      'runs a CANCELLED execution again',
      withFixture(async (s) => {
        const queued = await s.add();
        const running = await s.add();
        const worker = await s.worker();
        await s.store.cancel(queued, 0);
        await worker.claimOne(running);
        await s.store.cancel(running, 1_000);
        await s.advance(1_000);
        for (const id of [queued, running])
          expect(await s.store.reopen(id)).toEqual({ was: 'CANCELLED', is: 'PENDING' });
        await s.maintain();
        expect(await s.get(running)).toMatchObject({ status: 'PENDING', cancelRequestedTime: null, reason: null });
        const claims = await worker.claim(9);
        expect(claims.map((claim) => claim.executionId)).toEqual([queued, running]);
        expect(await worker.beat(...claims)).toMatchObject({ cancelRequested: [], lost: [] });
        await s.advance(10_000);
        expect(await s.statuses(queued, running)).toEqual(['RUNNING', 'RUNNING']);
      }),
    );

    it(
      'changes nothing for an unknown, active or COMPLETED execution',
      withFixture(async (s) => {
        const [pending, running, retrying, completed] = await s.addMany(4);
        const worker = await s.worker();
        await s.store.cancel(pending!, 0);
        await s.store.reopen(pending!);
        const claims = new Map((await worker.claim(3)).map((claim) => [claim.executionId, claim]));
        await worker.retry(claims.get(retrying!)!, 60_000);
        await worker.complete(claims.get(completed!)!);
        for (const id of [pending!, running!, retrying!, completed!]) {
          const was = await s.status(id);
          expect(await s.store.reopen(id)).toEqual({ was, is: was });
        }
        expect(await s.store.reopen(idOf(0xdead))).toBeNull();
        expect(await s.statuses(pending!, running!, retrying!, completed!)).toEqual([
          'PENDING',
          'RUNNING',
          'RETRYING',
          'COMPLETED',
        ]);
      }),
    );

    it(
      'reopens all executions that were SKIPPED only because of it, down the graph',
      withFixture(async (s) => {
        const worker = await s.worker();
        const root = await s.add({ taskId: 'parent' });
        const child = await s.add({ taskId: 'child', edges: [edgeTo(root)] });
        const grandchild = await s.add({
          taskId: 'grandchild',
          edges: [edgeTo(child, 'success', { taskId: 'child' })],
        });
        await worker.fail(await worker.claimOne(root));
        await s.maintain();
        expect(await s.statuses(child, grandchild)).toEqual(['SKIPPED', 'SKIPPED']);
        await s.store.reopen(root);
        await s.maintain();
        for (const id of [child, grandchild]) {
          expect(await s.get(id)).toMatchObject({
            status: 'PENDING',
            reason: null,
            rootCause: null,
            completedTime: null,
            waitingFor: { kind: 'dependencies' },
          });
          expect(s.transitions(id)).toEqual(['scheduled', 'skipped', 'reopened']);
        }
        for (const id of [root, child, grandchild]) await worker.complete(await worker.claimOne(id));
        expect(await s.statuses(root, child, grandchild)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED']);
      }),
    );

    it(
      'reopens the last node of an uneven diamond',
      withFixture(async (s) => {
        const worker = await s.worker();
        const root = await s.add({ taskId: 'parent' });
        const short = await s.add({ taskId: 'uncle', edges: [edgeTo(root)] });
        const long = await s.add({ taskId: 'child', edges: [edgeTo(root)] });
        const longer = await s.add({ taskId: 'child', edges: [edgeTo(long, 'success', { taskId: 'child' })] });
        const tip = await s.add({
          taskId: 'grandchild',
          edges: [edgeTo(short, 'success', { ref: 'short' }), edgeTo(longer, 'success', { ref: 'longer' })],
        });
        await worker.fail(await worker.claimOne(root));
        await s.maintain();
        await s.store.reopen(root);
        await s.maintain();
        for (const id of [short, long, longer, tip]) expect(await s.waitingFor(id)).toBe('dependencies');
        for (const id of [root, short, long, longer, tip]) await worker.complete(await worker.claimOne(id));
        expect(await s.status(tip)).toBe('COMPLETED');
      }),
    );

    it(
      'keeps executions SKIPPED that another broken edge has skipped',
      withFixture(async (s) => {
        const worker = await s.worker();
        const [a, b] = [await s.add({ taskId: 'parent' }), await s.add({ taskId: 'uncle' })];
        await worker.fail(await worker.claimOne(a));
        await worker.fail(await worker.claimOne(b));
        const child = await s.add({
          taskId: 'child',
          edges: [edgeTo(a), edgeTo(b, 'success', { taskId: 'uncle', ref: 'uncle' })],
        });
        await s.maintain();
        expect(await s.status(child)).toBe('SKIPPED');
        await s.store.reopen(a);
        await s.maintain();
        expect(await s.status(child)).toBe('SKIPPED');
        expect(await worker.claimIds(9)).toEqual([a]);
      }),
    );

    it(
      'keeps executions SKIPPED that another edge would break by now',
      withFixture(async (s) => {
        const worker = await s.worker();
        const [a, b] = [await s.add({ taskId: 'parent' }), await s.add({ taskId: 'uncle' })];
        const child = await s.add({
          taskId: 'child',
          edges: [edgeTo(a), edgeTo(b, 'success', { taskId: 'uncle', ref: 'uncle' })],
        });
        await worker.fail(await worker.claimOne(a));
        await worker.fail(await worker.claimOne(b));
        await s.store.reopen(a);
        await s.maintain();
        await worker.complete(await worker.claimOne(a));
        await s.maintain();
        expect(await s.status(child)).toBe('SKIPPED');
      }),
    );

    it(
      'runs a SKIPPED execution itself, ignoring its broken edges',
      withFixture(async (s) => {
        const worker = await s.worker();
        const root = await s.add({ taskId: 'parent' });
        const child = await s.add({ taskId: 'child', edges: [edgeTo(root)] });
        await worker.fail(await worker.claimOne(root));
        expect(await s.store.reopen(child)).toMatchObject({ is: 'PENDING' });
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([child]);
        expect(await s.status(root)).toBe('FAILED');
      }),
    );

    it(
      'does not change dependents that ran on its failure or ended for another reason',
      withFixture(async (s) => {
        const worker = await s.worker();
        const root = await s.add({ taskId: 'parent' });
        const onFailure = await s.add({ taskId: 'child', edges: [edgeTo(root, 'failure')] });
        const cancelled = await s.add({ taskId: 'child', edges: [edgeTo(root)] });
        await s.store.cancel(cancelled, 0);
        await worker.fail(await worker.claimOne(root));
        await worker.complete(await worker.claimOne(onFailure));
        await s.store.reopen(root);
        await s.maintain();
        expect(await s.statuses(onFailure, cancelled)).toEqual(['COMPLETED', 'CANCELLED']);
        expect(await worker.claimIds(9)).toEqual([root]);
      }),
    );

    it(
      'keeps satisfied edges',
      withFixture(async (s) => {
        const worker = await s.worker();
        const [good, bad] = [await s.add({ taskId: 'parent' }), await s.add({ taskId: 'uncle' })];
        const child = await s.add({
          taskId: 'child',
          edges: [edgeTo(good), edgeTo(bad, 'success', { taskId: 'uncle', ref: 'uncle' })],
        });
        await worker.complete(await worker.claimOne(good), 'good');
        await worker.fail(await worker.claimOne(bad));
        await s.store.reopen(bad);
        await s.maintain();
        await worker.complete(await worker.claimOne(bad), 'at last');
        expect((await worker.claimOne(child)).results).toEqual({ parent: '"good"', uncle: '"at last"' });
      }),
    );

    it(
      'does not check satisfied edges again, whatever the new state of their upstream',
      withFixture(async (s) => {
        const worker = await s.worker();
        const [alarm, other] = [await s.add({ taskId: 'parent' }), await s.add({ taskId: 'uncle' })];
        const child = await s.add({
          taskId: 'child',
          edges: [edgeTo(alarm, 'failure'), edgeTo(other, 'success', { taskId: 'uncle', ref: 'uncle' })],
        });
        await worker.fail(await worker.claimOne(alarm));
        await s.store.reopen(alarm);
        await worker.fail(await worker.claimOne(other));
        expect(await s.status(child)).toBe('SKIPPED');
        await worker.complete(await worker.claimOne(alarm));
        await s.store.reopen(other);
        await s.maintain();
        await worker.complete(await worker.claimOne(other));
        expect(await worker.claimIds(9)).toEqual([child]);
      }),
    );
  });
}
