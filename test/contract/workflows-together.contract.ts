import { describe, expect, it } from '@jest/globals';
import { settle, type NewEdge } from '../../libs/scheduler/src/core/commands.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { edgeTo, edgeToNewest, newExecution, nextId, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';
import { diamond, start } from './workflow.contract.js';

/** A workflow of roots of these tasks, and of executions that wait for them. */
function roots(...taskIds: string[]) {
  const workflowId = nextId();
  const node = (taskId: string, ref: string, edges: readonly NewEdge[] = []) =>
    newExecution({ taskId, workflow: { workflowId, ref }, edges });
  const executions = taskIds.map((taskId, i) => node(taskId, `root${i}`));
  /** @param after of each execution that waits, the places of its upstreams; @returns the ids of these executions */
  const start = async (s: StoreFixture, after: readonly (readonly number[])[] = []): Promise<string[]> => {
    const edgesOf = (places: readonly number[]): NewEdge[] =>
      places.map((at) => edgeTo(executions[at]!.executionId, 'success', { taskId: taskIds[at]!, ref: `root${at}` }));
    const waiting = after.map((places, i) => node('plain', `after${i}`, edgesOf(places)));
    const all = [...executions, ...waiting];
    const nodes = all.map(({ executionId, taskId, workflow, edges }) => ({
      ...{ ref: workflow!.ref, executionId, taskId },
      dependsOn: edges!.map(({ ref, type }) => ({ ref, type })),
    }));
    await s.store.startWorkflow({ workflowId, name: 'roots', nodes }, all);
    return waiting.map(({ executionId }) => executionId);
  };
  return { workflowId, executions, start };
}

/** Workflows that are started in one turn of the event loop: a store may send them together. */
export function workflowsTogetherContract(open: OpenStore): void {
  const withFixture = fixtures(open);
  const short = fixtures(open, { history: { count: 1 } });

  describe('a workflow', () => {
    it(
      'is inserted as a whole together with others, one of them for the second time',
      withFixture(async (s) => {
        const known = await start(s, 'known');
        const fresh = Array.from({ length: 60 }, (_, i) => diamond(`fresh ${i}`));
        const all = [...fresh.slice(0, 30), known, ...fresh.slice(30)];
        await Promise.all(all.map((each) => s.store.startWorkflow(each.workflow, each.executions)));
        expect((await s.stats()).counters.scheduled).toBe(4 * 61);
        const { items } = await s.store.listWorkflows({ limit: 100 });
        expect(items.map((item) => item.name)).toEqual(['known', ...fresh.map((each) => each.workflow.name)].reverse());
        const worker = await s.worker();
        const firsts = [known, ...fresh].map((each) => each.ids.extract);
        expect(await worker.claimIds(100)).toEqual(firsts);
        for (const each of [known, ...fresh])
          expect(await s.statuses(...Object.values(each.ids))).toEqual(['RUNNING', 'PENDING', 'PENDING', 'PENDING']);
      }),
    );

    it(
      'has members of several tasks claimed in their order within it',
      withFixture(async (s) => {
        const { workflowId, executions, start } = roots('plain', 'uncle', 'plain', 'uncle', 'plain');
        await start(s);
        const worker = await s.worker();
        const claimed = await worker.claim(9);
        expect(claimed.map((claim) => claim.executionId)).toEqual(executions.map(({ executionId }) => executionId));
        expect(new Set(claimed.map((claim) => claim.workflowId))).toEqual(new Set([workflowId]));
      }),
    );

    it(
      'has dependents ready in the order in which their last edges are satisfied, if one exchange ends several upstreams',
      withFixture(async (s) => {
        const [both, firstOnly] = await roots('plain', 'plain').start(s, [[0, 1], [0]]);
        const worker = await s.worker();
        const claims = await worker.claim(2);
        const settlements = claims.map((claim) => settle.complete(claim, null));
        const { claims: next } = await worker.exchange({ settlements, demand: 9 });
        expect(next.map((claim) => claim.executionId)).toEqual([firstOnly, both]);
      }),
    );

    it(
      'reports the ends of one exchange in the order of their settlements, and then what follows',
      withFixture(async (s) => {
        const [first, second] = [roots('plain', 'plain'), roots('plain')];
        const [after] = await first.start(s, [[0, 1]]);
        await second.start(s);
        const worker = await s.worker();
        const [a, b, c] = (await worker.claim(3)) as [Claim, Claim, Claim];
        s.effects.length = 0;
        const settlements = [settle.complete(c, null), settle.cancel(a, null), settle.complete(b, null)];
        await worker.exchange({ settlements });
        const told = s.effects.flatMap((effect) =>
          effect.kind === 'execution' ? [`${effect.transition} ${effect.executionId}`] : [],
        );
        expect(told).toEqual([
          ...[`completed ${c.executionId}`, `cancelled ${a.executionId}`, `completed ${b.executionId}`],
          `skipped ${after}`,
        ]);
      }),
    );

    it(
      'enters history when its last member ends, also if one exchange ends several workflows',
      short(async (s) => {
        const [first, second] = [roots('plain', 'plain'), roots('plain')];
        await first.start(s);
        await second.start(s);
        const worker = await s.worker();
        const [one, two, other] = (await worker.claim(9)) as [Claim, Claim, Claim];
        await worker.settle(...[one, other, two].map((claim) => settle.complete(claim, null)));
        await s.maintain();
        const { items } = await s.store.listWorkflows({ limit: 9 });
        expect(items.map((item) => item.workflowId)).toEqual([first.workflowId]);
      }),
    );

    it(
      'is reported together with others, one of whose tasks has waiting dependents',
      withFixture(async (s) => {
        await s.depend('child', 'parent');
        const child = await s.add({ taskId: 'child', edges: [edgeToNewest('parent')] });
        const [plain, watched] = [diamond('plain'), diamond('watched')];
        const first = { ...watched.executions[0]!, taskId: 'parent' };
        await Promise.all([
          s.store.startWorkflow(plain.workflow, plain.executions),
          s.store.startWorkflow(watched.workflow, watched.executions.with(0, first)),
        ]);
        const worker = await s.worker();
        for (const claim of await worker.claim(2)) await worker.complete(claim, claim.workflowId!);
        const claims = await worker.claim(9);
        const got = (id: string) => claims.find((claim) => claim.executionId === id)?.results;
        expect(got(plain.ids.left)).toEqual({ extract: `"${plain.workflow.workflowId}"` });
        expect(got(child)).toEqual({ parent: `"${watched.workflow.workflowId}"` });
      }),
    );
  });
}
