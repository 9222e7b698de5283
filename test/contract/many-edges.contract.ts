import { describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { edgeTo, edgeToNewest, newExecution, nextId, type OpenStore } from './fixtures.js';
import { fixtures, steps, type StoreFixture } from './store-fixture.js';
import type { Worker } from './worker.js';

/** More edges than any store processes in one step. */
const MANY = 330;

/** An execution with more upstreams than one step processes. */
export function manyEdgesContract(open: OpenStore): void {
  const withFixture = fixtures(open, { history: { count: 0, age: null, bytes: null } });
  const edgesTo = (ids: readonly string[]) => ids.map((id, i) => edgeTo(id, 'success', { ref: `u${i}` }));
  const addUpstreams = (s: StoreFixture) => s.addMany(MANY, { priority: 1 });
  const completeSome = async (worker: Worker, count: number): Promise<void> => {
    for (let done = 0; done < count;) {
      const claims = await worker.claim(Math.min(100, count - done));
      await worker.settle(...claims.map((claim) => settle.complete(claim, '1')));
      done += claims.length;
    }
  };
  /** No data is kept for a dependent that no longer needs it. */
  const expectAllGone = async (s: StoreFixture): Promise<void> => {
    await s.maintain();
    expect((await s.store.listExecutions({ limit: 1_000 })).items).toEqual([]);
    expect((await s.store.listWorkflows({ limit: 10 })).items).toEqual([]);
  };

  describe('an execution with many edges', () => {
    it(
      'starts when all edges are satisfied, including those of upstreams that had ended before',
      withFixture(async (s) => {
        const upstreams = await addUpstreams(s);
        const late = upstreams.slice(MANY / 2);
        // Upstreams stay where others wait for them.
        await s.add({ edges: edgesTo(upstreams), delay: 1_000 });
        const worker = await s.worker();
        await completeSome(worker, MANY / 2);
        const join = await s.add({ edges: edgesTo(upstreams) });
        const { dependencies } = (await s.get(join)).waitingFor as { dependencies: { executionId: string }[] };
        expect(dependencies.map((each) => each.executionId)).toEqual(late);
        await completeSome(worker, MANY / 2 - 1);
        await s.maintain();
        expect(await s.waitingFor(join)).toBe('dependencies');
        await completeSome(worker, 1);
        await s.maintain();
        await worker.complete(await worker.claimOne(join));
        await s.advance(1_000);
        await worker.complete(await worker.claimOne());
        await expectAllGone(s);
      }),
    );

    it(
      'stays SKIPPED by one upstream while the others come back, without examining all edges for each of them',
      fixtures(open)(async (s) => {
        const [root, other] = await s.addMany(2, { taskId: 'parent' });
        const upstreams = await s.addMany(MANY, { edges: [edgeTo(root!)] });
        const join = await s.add({ edges: edgesTo([...upstreams, other!]) });
        const worker = await s.worker();
        for (const failing of [root!, other!]) await worker.fail(await worker.claimOne(failing));
        await s.maintain();
        await s.store.reopen(root!);
        expect(await steps(() => s.store.promote(PROMOTE_PER_STEP))).toBeLessThan(150);
        expect(await s.statuses(...upstreams)).toEqual(upstreams.map(() => 'PENDING'));
        expect(await s.statuses(join)).toEqual(['SKIPPED']);
        await s.store.reopen(other!);
        await s.maintain();
        expect(await s.statuses(join)).toEqual(['PENDING']);
        await completeSome(worker, 2);
        await s.maintain();
        await completeSome(worker, MANY);
        await s.maintain();
        await worker.complete(await worker.claimOne(join));
      }),
    );

    it(
      'is SKIPPED by the first broken edge, and waits again when that upstream is reopened',
      fixtures(open)(async (s) => {
        const upstreams = await addUpstreams(s);
        const worker = await s.worker();
        await completeSome(worker, 200);
        for (let i = 0; i < 2; i++) await worker.fail(await worker.claimOne(upstreams[200 + i]));
        await s.maintain();
        const join = await s.add({ edges: edgesTo(upstreams) });
        await s.maintain();
        expect(await s.get(join)).toMatchObject({
          status: 'SKIPPED',
          reason: 'DEPENDENCY_FAILED',
          rootCause: { executionId: upstreams[200] },
        });
        // The other edge is still broken.
        await s.store.reopen(upstreams[200]!);
        await s.maintain();
        expect(await s.status(join)).toBe('SKIPPED');
        await s.store.reopen(upstreams[201]!);
        await s.maintain();
        expect(await s.status(join)).toBe('PENDING');
        await completeSome(worker, MANY - 200);
        await s.maintain();
        await worker.complete(await worker.claimOne(join));
      }),
    );

    it(
      'can be cancelled and reopened repeatedly before its edges are released',
      withFixture(async (s) => {
        const upstreams = await addUpstreams(s);
        const join = await s.add({ edges: edgesTo(upstreams) });
        // Otherwise it would leave history, and could not be reopened.
        const keeper = await s.add({ edges: [edgeTo(join, 'always')], delay: 60_000 });
        for (let i = 0; i < 3; i++) {
          expect(await s.store.cancel(join, 0)).toMatchObject({ is: 'CANCELLED' });
          expect(await s.store.reopen(join)).toMatchObject({ is: 'PENDING' });
        }
        const worker = await s.worker();
        await completeSome(worker, MANY - 1);
        expect(await s.waitingFor(join)).toBe('dependencies');
        await s.store.cancel(join, 0);
        await s.store.promote(1);
        await s.store.reopen(join);
        await completeSome(worker, 1);
        await s.maintain();
        await worker.complete(await worker.claimOne(join));
        await s.advance(60_000);
        await worker.complete(await worker.claimOne(keeper));
        await expectAllGone(s);
      }),
    );

    it(
      'ends before its upstreams, which still leave history',
      withFixture(async (s) => {
        const upstreams = await addUpstreams(s);
        const join = await s.add({ edges: edgesTo(upstreams) });
        await s.store.cancel(join, 0);
        await s.maintain();
        expect(await s.store.getExecution(join)).toBeNull();
        await completeSome(await s.worker(), MANY);
        await expectAllGone(s);
      }),
    );

    it(
      'can belong to a workflow, which leaves history with it',
      withFixture(async (s) => {
        const upstreams = await addUpstreams(s);
        const workflowId = nextId();
        const member = newExecution({ edges: edgesTo(upstreams), workflow: { workflowId, ref: 'join' } });
        const { executionId, taskId } = member;
        const nodes = [{ executionId, taskId, ref: 'join', dependsOn: [] }];
        await s.store.startWorkflow({ workflowId, name: 'one', nodes }, [member]);
        const worker = await s.worker();
        await completeSome(worker, MANY);
        await s.maintain();
        await worker.complete(await worker.claimOne(executionId));
        await expectAllGone(s);
      }),
    );

    it.each(['complete', 'fail'] as const)(
      'waits again, once reopened, for active upstreams: its last upstream ends before it is reattached: %s',
      async (how) =>
        fixtures(open)(async (s) => {
          const upstreams = await addUpstreams(s);
          const worker = await s.worker();
          // Edges to upstreams that had failed by then are dropped, even while those still release others.
          await worker.fail(await worker.claimOne(upstreams[0]));
          const join = await s.add({ edges: edgesTo(upstreams.slice(1)) });
          const claim = await worker.claimOne(upstreams[1]);
          await s.store.cancel(join, 0);
          await s.maintain();
          await s.store.reopen(join);
          if (how === 'fail') await worker.fail(claim);
          else await worker.complete(claim);
          await s.maintain();
          const status = how === 'fail' ? 'SKIPPED' : 'PENDING';
          expect(await s.get(join)).toMatchObject({ status });
          await completeSome(worker, MANY - 2);
          await s.maintain();
          expect(await worker.claimIds(9)).toEqual(how === 'fail' ? [] : [join]);
        })(),
    );

    it(
      'drops, once reopened, edges to upstreams that had failed before, also while those still release others',
      fixtures(open)(async (s) => {
        const [root] = await s.addMany(1, { priority: 0 });
        const upstreams = await addUpstreams(s);
        const others = await s.addMany(MANY, { edges: [edgeTo(root!)] });
        const join = await s.add({ edges: [...edgesTo(upstreams), edgeTo(root!, 'success', { ref: 'root' })] });
        const worker = await s.worker();
        await s.store.cancel(join, 0);
        await worker.fail(await worker.claimOne(root));
        expect(await s.status(others.at(-1)!)).toBe('PENDING');
        await s.store.reopen(join);
        await s.maintain();
        expect(await s.status(others.at(-1)!)).toBe('SKIPPED');
        expect(await s.waitingFor(join)).toBe('dependencies');
        await completeSome(worker, MANY);
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([join]);
      }),
    );

    it.each([0, 1, 2])(
      'is cancelled or reopened while its edges are moved, after %d steps, and leaves no data',
      async (steps) =>
        withFixture(async (s) => {
          const upstreams = await addUpstreams(s);
          const join = await s.add({ edges: edgesTo(upstreams) });
          const keeper = await s.add({ edges: [edgeTo(join, 'always')], delay: 60_000 });
          for (let i = 0; i < 4; i++) {
            expect(await s.store.cancel(join, 0)).toMatchObject({ is: 'CANCELLED' });
            for (let step = 0; step < steps; step++) await s.store.promote(1);
            expect(await s.store.reopen(join)).toMatchObject({ is: 'PENDING' });
            for (let step = 0; step < (steps + i) % 3; step++) await s.store.promote(1);
          }
          const worker = await s.worker();
          await completeSome(worker, MANY - 1);
          await s.maintain();
          expect(await s.waitingFor(join)).toBe('dependencies');
          await completeSome(worker, 1);
          await s.maintain();
          await worker.complete(await worker.claimOne(join));
          await s.advance(60_000);
          await worker.complete(await worker.claimOne(keeper));
          await expectAllGone(s);
        })(),
    );

    it(
      'restarts the timeouts of its edges when it is reopened',
      fixtures(open)(async (s) => {
        const upstreams = await addUpstreams(s);
        const edges = upstreams.map((id, i) => edgeTo(id, 'success', { ref: `u${i}`, timeout: 1_000 }));
        const join = await s.add({ edges });
        await s.advance(600);
        await s.store.cancel(join, 0);
        await s.store.reopen(join);
        await s.advance(600);
        expect(await s.waitingFor(join)).toBe('dependencies');
        await s.advance(400);
        expect(await s.get(join)).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_TIMEOUT' });
      }),
    );
  });

  describe('an execution with many dependents', () => {
    const wait = (s: StoreFixture) =>
      s.addMany(MANY, { taskId: 'child', queue: 'behind', edges: [edgeToNewest('parent')] });

    it(
      'releases all of them, even if it has ended, and the next execution exists, before they are attached',
      withFixture(async (s) => {
        const waiting = await wait(s);
        const worker = await s.worker();
        await s.add({ taskId: 'parent' });
        await worker.complete(await worker.claimOne(), 'first');
        await s.add({ taskId: 'parent', delay: 60_000 });
        await s.maintain();
        const behind = await s.worker('w2', { queues: ['behind'] });
        for (let done = 0; done < MANY;) {
          const claims = await behind.claim(100);
          expect(claims.map((claim) => claim.executionId)).toEqual(waiting.slice(done, done + claims.length));
          for (const claim of claims) expect(claim.results).toEqual({ parent: '"first"' });
          await behind.settle(...claims.map((claim) => settle.complete(claim, '1')));
          done += claims.length;
        }
        await s.maintain();
        expect((await s.store.listExecutions({ limit: 9 })).items).toHaveLength(1);
      }),
    );

    it(
      'is not attached to a dependent that has ended meanwhile, and once to a reopened one',
      fixtures(open)(async (s) => {
        const waiting = await wait(s);
        await s.add({ taskId: 'parent' });
        const [cancelled, reopened] = [waiting[MANY - 1]!, waiting[MANY - 2]!];
        for (const id of [cancelled, reopened]) await s.store.cancel(id, 0);
        await s.store.reopen(reopened);
        await s.maintain();
        const worker = await s.worker();
        await worker.complete(await worker.claimOne());
        await s.maintain();
        await s.add({ taskId: 'parent' });
        await worker.complete(await worker.claimOne());
        await s.maintain();
        expect(await s.status(cancelled)).toBe('CANCELLED');
        expect(await s.waitingFor(reopened)).toBe('queue');
        expect((await s.store.queueSizes('behind')).reduce((sum, size) => sum + size)).toBe(MANY - 1);
      }),
    );
  });
}
