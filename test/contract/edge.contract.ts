import { describe, expect, it } from '@jest/globals';
import type { SettlementKind } from '../../libs/scheduler/src/core/commands.js';
import { DEPENDENCY_TYPES } from '../../libs/scheduler/src/core/dependency.js';
import type { TerminalStatus } from '../../libs/scheduler/src/core/status.js';
import { edgeTo, edgeToNewest, idOf, settlementOf, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';
import type { Worker } from './worker.js';
import { edgeHolds } from '../support/edge-holds.js';

const ENDS: TerminalStatus[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'];

/** Ends a waiting execution of `parent` with the given status; for SKIPPED its own parent fails first. */
async function end(s: StoreFixture, worker: Worker, status: TerminalStatus, parent: string): Promise<void> {
  const kinds: Record<TerminalStatus, SettlementKind> = {
    COMPLETED: 'complete',
    FAILED: 'fail',
    CANCELLED: 'cancel',
    SKIPPED: 'fail',
  };
  const [claim] = await worker.claim(1);
  if (status === 'CANCELLED') await s.store.cancel(parent, 60_000);
  await worker.settle(settlementOf(kinds[status], claim!));
  expect(await s.status(parent)).toBe(status);
}

async function addParent(s: StoreFixture, status: TerminalStatus): Promise<string> {
  if (status !== 'SKIPPED') return s.add({ taskId: 'parent' });
  const root = await s.add({ taskId: 'uncle' });
  return s.add({ taskId: 'parent', edges: [edgeTo(root, 'success', { taskId: 'uncle', ref: 'uncle' })] });
}

export function edgeContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('an edge', () => {
    for (const type of DEPENDENCY_TYPES) {
      for (const status of ENDS) {
        const holds = edgeHolds(type, status);

        it(
          `of type ${type} is ${holds ? 'satisfied' : 'broken'} by the end ${status}`,
          withFixture(async (s) => {
            const worker = await s.worker();
            const parent = await addParent(s, status);
            const child = await s.add({ taskId: 'child', edges: [edgeTo(parent, type)] });
            await end(s, worker, status, parent);
            if (holds) {
              expect(await s.waitingFor(child)).toBe('queue');
              expect(await worker.claimIds(9)).toEqual([child]);
            } else {
              expect(await s.get(child)).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_FAILED' });
              expect(await worker.claim(9)).toEqual([]);
            }
          }),
        );

        it(
          `of type ${type} is ${holds ? 'satisfied' : 'broken'} at once by an upstream that has ended as ${status}`,
          withFixture(async (s) => {
            const worker = await s.worker();
            const parent = await addParent(s, status);
            await end(s, worker, status, parent);
            const child = await s.add({ taskId: 'child', edges: [edgeTo(parent, type)] });
            await s.maintain();
            expect(await s.status(child)).toBe(holds ? 'PENDING' : 'SKIPPED');
            expect(await worker.claimIds(9)).toEqual(holds ? [child] : []);
          }),
        );
      }
    }

    it(
      'blocks its dependent, and makes it ready in the transition that ends the upstream',
      withFixture(async (s) => {
        const parent = await s.add({ taskId: 'parent' });
        const child = await s.add({ taskId: 'child', priority: 0, edges: [edgeTo(parent)] });
        const worker = await s.worker();
        expect(await s.store.queueSizes('default')).toEqual([0, 0, 1, 0, 0]);
        const [claim, ...others] = await worker.claim(9);
        expect(others).toEqual([]);
        await worker.retry(claim!, 1_000);
        expect(await s.waitingFor(child)).toBe('dependencies');
        await s.advance(1_000);
        await worker.complete(await worker.claimOne(parent));
        expect(await s.store.queueSizes('default')).toEqual([1, 0, 0, 0, 0]);
        expect(await worker.claimIds(9)).toEqual([child]);
      }),
    );

    it(
      'is one of several, all of which must be satisfied',
      withFixture(async (s) => {
        const parents = await s.addMany(3, { taskId: 'parent' });
        const edges = parents.map((id, i) => edgeTo(id, 'success', { ref: `p${i}` }));
        const child = await s.add({ taskId: 'child', edges });
        const worker = await s.worker();
        for (const claim of await worker.claim(3)) {
          expect(await s.waitingFor(child)).toBe('dependencies');
          await worker.complete(claim);
        }
        expect(await worker.claimIds(9)).toEqual([child]);
      }),
    );

    it(
      'skips its dependent as soon as it is broken, even while other edges are open',
      withFixture(async (s) => {
        const [slow, broken] = [await s.add({ taskId: 'parent', delay: 60_000 }), await s.add({ taskId: 'uncle' })];
        const child = await s.add({
          taskId: 'child',
          edges: [edgeTo(slow), edgeTo(broken, 'success', { taskId: 'uncle', ref: 'uncle' })],
        });
        const worker = await s.worker();
        await worker.fail(await worker.claimOne(broken));
        expect(await s.get(child)).toMatchObject({
          status: 'SKIPPED',
          rootCause: { executionId: broken, taskId: 'uncle', status: 'FAILED' },
        });
      }),
    );

    it(
      'and a delay must both be over',
      withFixture(async (s) => {
        const worker = await s.worker();
        const parent = await s.add({ taskId: 'parent' });
        const child = await s.add({ taskId: 'child', delay: 5_000, edges: [edgeTo(parent)] });
        const other = await s.add({ taskId: 'child', delay: 5_000, edges: [edgeTo(parent)] });
        expect(await s.waitingFor(child)).toBe('time');
        const claim = await worker.claimOne(parent);
        await s.advance(5_000);
        expect(await s.waitingFor(child)).toBe('dependencies');
        expect(await worker.claim(9)).toEqual([]);
        await worker.complete(claim);
        expect(await worker.claimIds(9)).toEqual([child, other]);

        const second = await s.add({ taskId: 'parent' });
        const late = await s.add({ taskId: 'child', delay: 5_000, edges: [edgeTo(second)] });
        await worker.complete(await worker.claimOne(second));
        expect(await s.waitingFor(late)).toBe('time');
        expect(await worker.claim(9)).toEqual([]);
        await s.advance(5_000);
        expect(await worker.claimIds(9)).toEqual([late]);
      }),
    );

    it(
      'passes the result to its dependent under its ref',
      withFixture(async (s) => {
        const worker = await s.worker();
        const [good, bad, mute] = await s.addMany(3, { taskId: 'parent' });
        await s.add({
          taskId: 'child',
          edges: [
            edgeTo(good!, 'success', { ref: 'good' }),
            edgeTo(bad!, 'completion', { ref: 'bad' }),
            edgeTo(mute!, 'success', { ref: 'mute' }),
          ],
        });
        const claims = await worker.claim(3);
        await worker.complete(claims[0]!, { rows: 3 });
        await worker.fail(claims[1]!);
        await worker.complete(claims[2]!);
        expect((await worker.claimOne()).results).toEqual({ good: '{"rows":3}', bad: null, mute: null });
      }),
    );

    it(
      'skips its dependent and all downstream after its timeout',
      withFixture(async (s) => {
        const worker = await s.worker();
        const parent = await s.add({ taskId: 'parent' });
        const child = await s.add({ taskId: 'child', edges: [edgeTo(parent, 'success', { timeout: 10_000 })] });
        const patient = await s.add({ taskId: 'child', edges: [edgeTo(parent, 'success', { timeout: 10_001 })] });
        const behind = await s.add({ taskId: 'grandchild', edges: [edgeTo(child, 'success', { taskId: 'child' })] });
        const claim = await worker.claimOne(parent);
        await s.advance(9_999);
        expect(await s.statuses(child, patient, behind)).toEqual(['PENDING', 'PENDING', 'PENDING']);
        await s.advance(1);
        expect(await s.get(child)).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_TIMEOUT' });
        expect(await s.get(behind)).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_FAILED' });
        const { rootCause } = await s.get(behind);
        expect([child, (await s.get(child)).rootCause?.executionId]).toContain(rootCause?.executionId);
        await worker.complete(claim);
        expect(await worker.claimIds(9)).toEqual([patient]);
        await s.advance(60_000);
        expect(await s.statuses(child, patient)).toEqual(['SKIPPED', 'RUNNING']);
      }),
    );

    it(
      'is refused if its execution does not exist',
      withFixture(async (s) => {
        await expect(s.add({ taskId: 'child', edges: [edgeTo(idOf(0xdead))] })).rejects.toMatchObject({
          code: 'UNKNOWN_DEPENDENCY',
        });
      }),
    );

    it(
      'shows which upstream it waits for',
      withFixture(async (s) => {
        await s.depend('child', 'uncle');
        const parent = await s.add({ taskId: 'parent' });
        const done = await s.add({ taskId: 'parent', priority: 0 });
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(done));
        const child = await s.add({
          taskId: 'child',
          edges: [edgeTo(done, 'success', { ref: 'done' }), edgeTo(parent, 'failure'), edgeToNewest('uncle')],
        });
        expect((await s.get(child)).waitingFor).toEqual({
          kind: 'dependencies',
          dependencies: [
            { taskId: 'parent', ref: 'parent', type: 'failure', executionId: parent, status: 'PENDING' },
            { taskId: 'uncle', ref: 'uncle', type: 'success', executionId: null, status: null },
          ],
        });
      }),
    );
  });
}
