import { describe, expect, it } from '@jest/globals';
import { settle, type NewExecution, type NewWorkflow } from '../../libs/scheduler/src/core/commands.js';
import type { DependencyType } from '../../libs/scheduler/src/core/dependency.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { edgeTo, newExecution, nextId, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';
import type { Worker } from './worker.js';

/** A node of a workflow by its ref, and what it waits for. */
export type Graph = Record<string, { ref: string; type?: DependencyType; timeout?: number }[]>;

export interface Run {
  workflow: NewWorkflow;
  executions: NewExecution[];
  id(ref: string): string;
  refOf(executionId: string): string;
}

/** A workflow of the task 'plain' with these nodes and edges. */
export function runOf(graph: Graph, overrides: (ref: string) => Partial<NewExecution> = () => ({})): Run {
  const workflowId = nextId();
  const ids = new Map(Object.keys(graph).map((ref) => [ref, nextId()]));
  const refs = new Map([...ids].map(([ref, id]) => [id, ref]));
  const nodes = Object.entries(graph);
  return {
    id: (ref) => ids.get(ref)!,
    refOf: (id) => refs.get(id)!,
    workflow: {
      workflowId,
      name: 'graph',
      nodes: nodes.map(([ref, edges]) => ({
        ref,
        executionId: ids.get(ref)!,
        taskId: 'plain',
        dependsOn: edges.map(({ ref, type = 'success' }) => ({ ref, type })),
      })),
    },
    executions: nodes.map(([ref, edges]) =>
      newExecution({
        executionId: ids.get(ref)!,
        workflow: { workflowId, ref },
        edges: edges.map(({ ref, type, timeout = null }) =>
          edgeTo(ids.get(ref)!, type, { taskId: 'plain', ref, timeout }),
        ),
        ...overrides(ref),
      }),
    ),
  };
}

/** Claims all ready executions, until there are none. */
async function claimAll(worker: Worker): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (;;) {
    const found = await worker.claim(250);
    if (found.length === 0) return claims;
    claims.push(...found);
  }
}

/** Two upstreams and many dependents of both; the first upstream ends while the dependents are inserted. */
async function startWhileFastEnds(s: StoreFixture, worker: Worker, run: Run): Promise<Claim> {
  const stored = s.store.startWorkflow(run.workflow, run.executions);
  let slow: Claim | undefined;
  let isFastDone = false;
  while (!slow || !isFastDone) {
    for (const claim of await worker.claim(2)) {
      const ref = run.refOf(claim.executionId);
      if (ref === 'slow') slow = claim;
      else {
        expect(ref).toBe('fast');
        await worker.complete(claim);
        isFastDone = true;
      }
    }
  }
  await stored;
  return slow;
}

export function fanInContract(open: OpenStore): void {
  const withFixture = fixtures(open);
  const fan = (leaves: number): Graph => {
    const graph: Graph = { fast: [], slow: [] };
    for (let i = 0; i < leaves; i++) graph[`leaf${i}`] = [{ ref: 'fast' }, { ref: 'slow' }];
    return graph;
  };

  describe('an edge counts once', () => {
    it.each([199, 300, 1000])(
      'if one of two upstreams has ended while %i dependents are inserted',
      async (leaves) =>
        withFixture(async (s) => {
          const worker = await s.worker();
          const run = runOf(fan(leaves));
          const slow = await startWhileFastEnds(s, worker, run);
          await s.maintain();
          expect(await claimAll(worker)).toHaveLength(0);
          await worker.complete(slow);
          await s.maintain();
          expect(await claimAll(worker)).toHaveLength(leaves);
        })(),
      60_000,
    );

    it(
      'if the other upstream fails; each waiting execution ends as SKIPPED once',
      withFixture(async (s) => {
        const worker = await s.worker();
        const run = runOf(fan(300));
        const slow = await startWhileFastEnds(s, worker, run);
        await s.maintain();
        await worker.fail(slow);
        await s.maintain();
        const info = await s.store.getWorkflow(run.workflow.workflowId);
        expect(info?.status).toBe('FAILED');
        expect(new Set(info!.nodes.slice(2).map((node) => node.status))).toEqual(new Set(['SKIPPED']));
        expect((await s.stats()).counters.skipped).toBe(300);
        expect((await s.stats()).waitingForDependencies).toBe(0);
      }),
      60_000,
    );

    it(
      'for a dependent of an ended upstream that still releases others',
      withFixture(async (s) => {
        const worker = await s.worker();
        const fast = await s.add({ taskId: 'parent' });
        const slow = await s.add({ taskId: 'uncle', queue: 'slow' });
        const behind = await s.addMany(9_000, { taskId: 'child', edges: [edgeTo(fast)], queue: 'behind' });
        await worker.complete(await worker.claimOne(fast));
        const slowWorker = await s.worker('w2', { queues: ['slow'] });
        const claim = await slowWorker.claimOne(slow);
        const both = await s.store.enqueue(
          Array.from({ length: 50 }, () =>
            newExecution({
              taskId: 'grandchild',
              edges: [edgeTo(fast), edgeTo(slow, 'success', { taskId: 'uncle', ref: 'uncle' })],
            }),
          ),
        );
        await s.maintain();
        expect(await worker.claimIds(100)).toEqual([]);
        expect(await s.waitingFor(both[49]!)).toBe('dependencies');
        await slowWorker.complete(claim);
        await s.maintain();
        expect(await worker.claimIds(100)).toEqual(both);
        expect(await s.waitingFor(behind.at(-1)!)).toBe('queue');
      }),
      60_000,
    );

    it(
      'for two edges to one upstream, one of them with a deadline',
      withFixture(async (s) => {
        const worker = await s.worker();
        const [first, second] = [await s.add({ taskId: 'parent' }), await s.add({ taskId: 'uncle', queue: 'late' })];
        const child = await s.add({
          taskId: 'child',
          edges: [
            edgeTo(first),
            edgeTo(first, 'always', { ref: 'again', timeout: 60_000 }),
            edgeTo(second, 'success', { taskId: 'uncle', ref: 'uncle' }),
          ],
        });
        await worker.complete(await worker.claimOne(first));
        await s.maintain();
        expect(await s.waitingFor(child)).toBe('dependencies');
        const late = await s.worker('w2', { queues: ['late'] });
        await late.complete(await late.claimOne(second));
        expect(await worker.claimIds(9)).toEqual([child]);
      }),
    );

    it(
      'if the dependent is cancelled, retried or timed out while its upstream still releases others',
      withFixture(async (s) => {
        const worker = await s.worker();
        const fast = await s.add({ taskId: 'parent' });
        const slow = await s.add({ taskId: 'uncle', queue: 'slow' });
        await s.addMany(2_000, { taskId: 'child', edges: [edgeTo(fast)], queue: 'behind' });
        const toSlow = (timeout: number | null = null) =>
          edgeTo(slow, 'success', { taskId: 'uncle', ref: 'uncle', timeout });
        const add = (timeout?: number) => s.add({ taskId: 'grandchild', edges: [edgeTo(fast), toSlow(timeout)] });
        const [cancelled, retried, timedOut] = [await add(), await add(), await add(1)];
        await worker.complete(await worker.claimOne(fast));
        expect(await s.store.cancel(cancelled, 0)).toMatchObject({ is: 'CANCELLED' });
        expect(await s.store.cancel(retried, 0)).toMatchObject({ is: 'CANCELLED' });
        expect(await s.store.reopen(retried)).toMatchObject({ is: 'PENDING' });
        await s.advance(1);
        expect(await worker.claimIds(9)).toEqual([]);
        expect(await s.statuses(cancelled, retried, timedOut)).toEqual(['CANCELLED', 'PENDING', 'SKIPPED']);
        const late = await s.worker('w2', { queues: ['slow'] });
        await late.complete(await late.claimOne(slow));
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([retried]);
        expect((await s.stats()).waitingForDependencies).toBe(0);
      }),
      60_000,
    );

    it(
      'if an upstream fails, runs again and ends again while it still releases dependents of the first end',
      withFixture(async (s) => {
        const worker = await s.worker();
        const fast = await s.add({ taskId: 'parent' });
        const slow = await s.add({ taskId: 'uncle', queue: 'slow' });
        const toSlow = edgeTo(slow, 'success', { taskId: 'uncle', ref: 'uncle' });
        const edges = (type: DependencyType) => [edgeTo(fast, type), toSlow];
        const tolerant = await s.addMany(400, { taskId: 'child', edges: edges('completion') });
        const strict = await s.addMany(400, { taskId: 'grandchild', edges: edges('success') });
        await worker.fail(await worker.claimOne(fast));
        expect(await s.store.reopen(fast)).toMatchObject({ is: 'PENDING' });
        await worker.complete(await worker.claimOne(fast));
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([]);
        const late = await s.worker('w2', { queues: ['slow'] });
        await late.complete(await late.claimOne(slow));
        await s.maintain();
        expect((await claimAll(worker)).map((claim) => claim.executionId).sort()).toEqual([...tolerant, ...strict]);
      }),
      60_000,
    );
  });

  describe('many ends in one exchange', () => {
    it(
      'release all dependents: 63 workflows of two roots and 64 leaves',
      withFixture(async (s) => {
        const worker = await s.worker();
        const graph: Graph = { a: [], b: [] };
        for (let i = 0; i < 64; i++) graph[`leaf${i}`] = [{ ref: 'a' }, { ref: 'b' }];
        const runs = Array.from({ length: 63 }, () => runOf(graph));
        await Promise.all(runs.map((run) => s.store.startWorkflow(run.workflow, run.executions)));
        const roots = await claimAll(worker);
        const of = (ref: string) => roots.filter((claim) => runs.some((run) => run.id(ref) === claim.executionId));
        expect([of('a').length, of('b').length]).toEqual([63, 63]);
        for (const ref of ['a', 'b']) {
          const settled = await worker.settle(...of(ref).map((claim) => settle.complete(claim, null)));
          expect(new Set(settled)).toEqual(new Set(['applied']));
        }
        await s.maintain();
        const leaves = await claimAll(worker);
        expect(leaves).toHaveLength(63 * 64);
        for (let i = 0; i < leaves.length; i += 400)
          await worker.settle(...leaves.slice(i, i + 400).map((claim) => settle.complete(claim, null)));
        await s.maintain();
        expect((await s.stats()).byStatus).toMatchObject({ RUNNING: 0, PENDING: 0 });
      }),
      60_000,
    );
  });
}
