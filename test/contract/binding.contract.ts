import { describe, expect, it } from '@jest/globals';
import { edgeTo, edgeToNewest, newExecution, nextId, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';

export function bindingContract(open: OpenStore): void {
  /** Every fixture here declares that child and grandchild depend on parent. */
  const withFixture = (play: (s: StoreFixture) => Promise<void>) =>
    fixtures(open)(async (s) => {
      await s.depend('child', 'parent');
      await s.depend('grandchild', 'parent');
      await play(s);
    });

  const addChild = (s: StoreFixture, edge: Parameters<typeof edgeToNewest>[2] = {}, taskId = 'child') =>
    s.add({ taskId, edges: [edgeToNewest('parent', 'success', edge)] });

  const finishedParent = async (s: StoreFixture): Promise<string> => {
    const worker = await s.worker('finisher', { queues: ['finish'] });
    const id = await s.add({ taskId: 'parent', queue: 'finish' });
    await worker.complete(await worker.claimOne(id), id);
    return id;
  };

  /** The upstream execution that a waiting dependent is bound to. */
  const upstreamOf = async (s: StoreFixture, id: string): Promise<string | null | undefined> =>
    (await s.get(id)).waitingFor?.dependencies?.[0]?.executionId;

  describe('an edge to the newest execution of a task', () => {
    it(
      'counts its outcome at once if it has ended',
      withFixture(async (s) => {
        const parent = await finishedParent(s);
        const child = await addChild(s);
        const claim = await (await s.worker()).claimOne(child);
        expect(claim.results).toEqual({ parent: JSON.stringify(parent) });
      }),
    );

    it(
      'waits for it while it is queued, delayed, running or retrying',
      withFixture(async (s) => {
        await finishedParent(s);
        const delayed = await s.add({ taskId: 'parent', delay: 1_000 });
        const first = await addChild(s);
        expect(await upstreamOf(s, first)).toBe(delayed);
        const queued = await s.add({ taskId: 'parent' });
        const second = await addChild(s);
        const worker = await s.worker();
        const claim = await worker.claimOne(queued);
        const third = await addChild(s);
        await worker.retry(claim, 500);
        const fourth = await addChild(s);
        for (const child of [second, third, fourth]) expect(await upstreamOf(s, child)).toBe(queued);
        await s.advance(500);
        await worker.complete(await worker.claimOne(queued));
        expect(await worker.claimIds(9)).toEqual([second, third, fourth]);
        expect(await s.waitingFor(first)).toBe('dependencies');
      }),
    );

    it(
      'waits for the next one if there is none; many dependents share it',
      withFixture(async (s) => {
        const children = [await addChild(s), await addChild(s), await addChild(s, {}, 'grandchild')];
        expect(await upstreamOf(s, children[0]!)).toBeNull();
        const parent = await s.add({ taskId: 'parent' });
        const later = await s.add({ taskId: 'parent', priority: 0 });
        for (const child of children) expect(await upstreamOf(s, child)).toBe(parent);
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(later));
        expect(await s.statuses(...children)).toEqual(['PENDING', 'PENDING', 'PENDING']);
        await worker.complete(await worker.claimOne(parent));
        expect(await worker.claimIds(9)).toEqual(children);
      }),
    );

    it(
      'is decided by the next one even if that one is created as SKIPPED',
      withFixture(async (s) => {
        const worker = await s.worker();
        const broken = await s.add({ taskId: 'uncle' });
        await worker.fail(await worker.claimOne(broken));
        const strict = await addChild(s);
        const tolerant = await s.add({ taskId: 'child', edges: [edgeToNewest('parent', 'always')] });
        const next = await s.add({ taskId: 'parent', edges: [edgeTo(broken, 'success', { taskId: 'uncle' })] });
        await s.maintain();
        expect(await s.statuses(next, strict)).toEqual(['SKIPPED', 'SKIPPED']);
        expect((await s.get(strict)).rootCause?.executionId).toBe(broken);
        expect(await worker.claimIds(9)).toEqual([tolerant]);
      }),
    );

    it(
      'ignores an execution that is enqueued after the edge was bound',
      withFixture(async (s) => {
        const first = await s.add({ taskId: 'parent' });
        const child = await addChild(s);
        await s.add({ taskId: 'parent', delay: 60_000 });
        expect(await upstreamOf(s, child)).toBe(first);
      }),
    );

    it(
      'binds to an execution of the same batch',
      withFixture(async (s) => {
        const parent = newExecution({ taskId: 'parent' });
        const child = newExecution({ taskId: 'child', edges: [edgeToNewest('parent')] });
        await s.store.enqueue([parent, child]);
        expect(await upstreamOf(s, child.executionId)).toBe(parent.executionId);
      }),
    );

    it(
      'ignores an outcome older than maxAge and waits for the next',
      withFixture(async (s) => {
        await finishedParent(s);
        await s.advance(10_000);
        const young = await addChild(s, { maxAge: 10_000, reuse: true }, 'grandchild');
        const strict = await addChild(s, { maxAge: 9_999 });
        expect(await s.waitingFor(young)).toBe('queue');
        expect(await upstreamOf(s, strict)).toBeNull();
        const parent = await s.add({ taskId: 'parent' });
        expect(await upstreamOf(s, strict)).toBe(parent);
      }),
    );

    it(
      'counts one outcome once for each dependent task, so that nights pair up',
      withFixture(async (s) => {
        const worker = await s.worker();
        await finishedParent(s);
        const [first, second] = [await addChild(s), await addChild(s)];
        const other = await addChild(s, {}, 'grandchild');
        expect(await upstreamOf(s, second)).toBeNull();
        expect(new Set(await worker.claimIds(9))).toEqual(new Set([first, other]));
        await finishedParent(s);
        expect(await worker.claimIds(9)).toEqual([second]);
        const third = await addChild(s);
        expect(await upstreamOf(s, third)).toBeNull();
      }),
    );

    it.each([3, 350])(
      'counts one outcome for all %i executions of one request, and for none of the next',
      async (many) =>
        withFixture(async (s) => {
          const worker = await s.worker();
          await finishedParent(s);
          const request = () =>
            Array.from({ length: many }, () => newExecution({ taskId: 'child', edges: [edgeToNewest('parent')] }));
          const first = await s.store.enqueue(request());
          const second = await s.store.enqueue(request());
          const claims = [...(await worker.claimIds(250)), ...(await worker.claimIds(250))];
          expect(claims).toEqual(first);
          expect(await upstreamOf(s, second[0]!)).toBeNull();
          expect(await upstreamOf(s, second.at(-1)!)).toBeNull();
          await finishedParent(s);
          await s.maintain();
          expect([...(await worker.claimIds(250)), ...(await worker.claimIds(250))]).toEqual(second);
        })(),
    );

    it.each([3, 350])('counts one outcome for all %i nodes of a workflow, and for none of the next', async (many) =>
      withFixture(async (s) => {
        const worker = await s.worker();
        await finishedParent(s);
        const start = async (): Promise<string[]> => {
          const workflowId = nextId();
          const executions = Array.from({ length: many }, (_, i) =>
            newExecution({
              taskId: 'child',
              edges: [edgeToNewest('parent')],
              workflow: { workflowId, ref: `child${i}` },
            }),
          );
          const nodes = executions.map(({ executionId, workflow }) => ({
            ref: workflow!.ref,
            executionId,
            taskId: 'child',
            dependsOn: [],
          }));
          await s.store.startWorkflow({ workflowId, name: 'children', nodes }, executions);
          return executions.map(({ executionId }) => executionId);
        };
        const first = await start();
        const second = await start();
        const claims = [...(await worker.claimIds(250)), ...(await worker.claimIds(250))];
        expect(claims).toEqual(first);
        expect(await upstreamOf(s, second.at(-1)!)).toBeNull();
        expect(
          await s.store.enqueue([newExecution({ taskId: 'child', edges: [edgeToNewest('parent')] })]),
        ).toHaveLength(1);
        expect(await worker.claim(9)).toEqual([]);
      })(),
    );

    it(
      'counts an outcome again with reuse',
      withFixture(async (s) => {
        await finishedParent(s);
        const first = await addChild(s);
        const second = await addChild(s, { reuse: true });
        expect(await (await s.worker()).claimIds(9)).toEqual([first, second]);
      }),
    );

    it(
      'counts an outcome as used by dependents that were bound while the upstream was active',
      withFixture(async (s) => {
        const worker = await s.worker();
        const parent = await s.add({ taskId: 'parent' });
        const children = [await addChild(s), await addChild(s)];
        await worker.complete(await worker.claimOne(parent));
        expect(await worker.claimIds(9)).toEqual(children);
        const late = await addChild(s);
        expect(await upstreamOf(s, late)).toBeNull();
      }),
    );

    it(
      'counts an outcome as used even if another one was named since',
      withFixture(async (s) => {
        const older = await finishedParent(s);
        await finishedParent(s);
        await addChild(s);
        await s.add({ taskId: 'child', edges: [edgeTo(older)] });
        const third = await addChild(s);
        expect(await upstreamOf(s, third)).toBeNull();
      }),
    );

    it(
      'skips its dependent at once if that one has failed',
      withFixture(async (s) => {
        const worker = await s.worker();
        const parent = await s.add({ taskId: 'parent' });
        await worker.fail(await worker.claimOne(parent));
        const child = await addChild(s);
        await s.maintain();
        expect(await s.get(child)).toMatchObject({
          status: 'SKIPPED',
          reason: 'DEPENDENCY_FAILED',
          rootCause: { executionId: parent, taskId: 'parent', status: 'FAILED' },
        });
        const patient = await addChild(s);
        expect(await upstreamOf(s, patient)).toBeNull();
      }),
    );

    it(
      'counts its timeout while there is no upstream execution',
      withFixture(async (s) => {
        const child = await addChild(s, { timeout: 5_000 });
        await s.advance(5_000);
        expect(await s.get(child)).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_TIMEOUT' });
        const parent = await s.add({ taskId: 'parent' });
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(parent));
        expect(await worker.claim(9)).toEqual([]);
      }),
    );
  });
}
