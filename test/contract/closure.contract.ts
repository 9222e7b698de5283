import { describe, expect, it } from '@jest/globals';
import { EDGES_PER_STEP, PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { TaskPriority } from '../../libs/scheduler/src/core/priority.js';
import { edgeTo, newExecution, nextId, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';

const DEPENDENTS = 10_000;

export function closureContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  const chain = async (s: StoreFixture, length: number): Promise<string[]> => {
    const ids = [await s.add({ taskId: 'parent' })];
    while (ids.length < length) ids.push(await s.add({ taskId: 'child', edges: [edgeTo(ids.at(-1)!)] }));
    return ids;
  };

  describe('a broken edge', () => {
    it(
      'skips all executions downstream, each once, each with the root cause',
      withFixture(async (s) => {
        const [root, ...behind] = await chain(s, 6);
        const worker = await s.worker();
        await worker.fail(await worker.claimOne(root));
        await s.maintain();
        for (const id of behind) {
          expect(await s.get(id)).toMatchObject({
            status: 'SKIPPED',
            reason: 'DEPENDENCY_FAILED',
            rootCause: { executionId: root, taskId: 'parent', status: 'FAILED' },
            startedTime: null,
            completedTime: new Date(s.now).toISOString(),
            waitingFor: null,
          });
          expect(s.transitions(id)).toEqual(['scheduled', 'skipped']);
        }
      }),
    );

    it(
      'names a cancelled execution as the root cause as well',
      withFixture(async (s) => {
        const [root, ...behind] = await chain(s, 3);
        await s.store.cancel(root!, 0);
        await s.maintain();
        for (const id of behind) {
          expect((await s.get(id)).rootCause).toEqual({ executionId: root, taskId: 'parent', status: 'CANCELLED' });
        }
      }),
    );

    it(
      'names a success as the root cause of a failure edge',
      withFixture(async (s) => {
        const parent = await s.add({ taskId: 'parent' });
        const child = await s.add({ taskId: 'child', edges: [edgeTo(parent, 'failure')] });
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(parent));
        expect((await s.get(child)).rootCause).toEqual({ executionId: parent, taskId: 'parent', status: 'COMPLETED' });
      }),
    );

    it(
      'stops at an edge of type always',
      withFixture(async (s) => {
        const [root, middle] = await chain(s, 2);
        const cleanup = await s.add({ taskId: 'uncle', edges: [edgeTo(middle!, 'always', { taskId: 'child' })] });
        const after = await s.add({ taskId: 'grandchild', edges: [edgeTo(cleanup, 'success', { taskId: 'uncle' })] });
        const worker = await s.worker();
        await worker.fail(await worker.claimOne(root));
        expect(await s.status(middle!)).toBe('SKIPPED');
        await worker.complete(await worker.claimOne(cleanup));
        expect(await worker.claimIds(9)).toEqual([after]);
      }),
    );

    it(
      'skips the last node of a diamond once',
      withFixture(async (s) => {
        const root = await s.add({ taskId: 'parent' });
        const sides = [
          await s.add({ taskId: 'child', edges: [edgeTo(root)] }),
          await s.add({ taskId: 'uncle', edges: [edgeTo(root)] }),
        ];
        const tip = await s.add({
          taskId: 'grandchild',
          edges: sides.map((id, i) => edgeTo(id, 'success', { ref: `side${i}` })),
        });
        const worker = await s.worker();
        await worker.fail(await worker.claimOne(root));
        await s.maintain();
        expect(s.transitions(tip)).toEqual(['scheduled', 'skipped']);
        expect((await s.get(tip)).rootCause?.executionId).toBe(root);
        expect((await s.stats()).counters.skipped).toBe(3);
      }),
    );
  });

  describe(`${DEPENDENTS} dependents`, () => {
    // For a busy machine.
    const TIMEOUT_MS = 60_000;
    const fanOut = async (s: StoreFixture, count = DEPENDENTS): Promise<{ parent: string; children: string[] }> => {
      const parent = nextId();
      const children = Array.from({ length: count - 1 }, () =>
        newExecution({ taskId: 'child', priority: TaskPriority.LOW, edges: [edgeTo(parent)] }),
      );
      const ids = await s.store.enqueue([newExecution({ executionId: parent, taskId: 'parent' }), ...children]);
      return { parent, children: ids.slice(1) };
    };

    it(
      'become ready in bounded steps, in edge order, each once',
      withFixture(async (s) => {
        const { parent, children } = await fanOut(s);
        const worker = await s.worker();
        const claim = await worker.claimOne(parent);
        s.effects.length = 0;
        await worker.complete(claim);
        const ready = async () => (await s.store.queueSizes('default'))[TaskPriority.LOW]!;
        expect(await ready()).toBeLessThanOrEqual(EDGES_PER_STEP);
        expect(s.effects).toContainEqual({ kind: 'workRemains' });
        let calls = 0;
        for (let more = true; more; calls++) {
          const before = await ready();
          ({ more } = await s.store.promote(PROMOTE_PER_STEP));
          expect((await ready()) - before).toBeLessThanOrEqual(EDGES_PER_STEP);
        }
        expect(calls).toBeGreaterThanOrEqual(DEPENDENTS / EDGES_PER_STEP - 2);
        expect(await ready()).toBe(children.length);
        expect(await s.store.peekQueue('default', 500)).toEqual(children.slice(0, 500));
        expect((await s.stats()).waitingForDependencies).toBe(0);
      }),
      TIMEOUT_MS,
    );

    it(
      'become ready by exchanges alone',
      withFixture(async (s) => {
        const { parent, children } = await fanOut(s, 1_000);
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(parent));
        const claimed: string[] = [];
        for (let i = 0; i < 20 && claimed.length < children.length; i++) claimed.push(...(await worker.claimIds(100)));
        expect(claimed).toEqual(children);
      }),
      TIMEOUT_MS,
    );

    it(
      'are skipped in bounded steps',
      withFixture(async (s) => {
        const { parent, children } = await fanOut(s);
        const worker = await s.worker();
        await worker.fail(await worker.claimOne(parent));
        expect((await s.stats()).counters.skipped).toBeLessThanOrEqual(EDGES_PER_STEP);
        await s.maintain();
        expect((await s.stats()).counters.skipped).toBe(children.length);
        expect((await s.stats()).waitingForDependencies).toBe(0);
      }),
      TIMEOUT_MS,
    );
  });
}
