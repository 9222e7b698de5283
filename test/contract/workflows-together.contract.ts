import { describe, expect, it } from '@jest/globals';
import { edgeToNewest, type OpenStore } from './fixtures.js';
import { scenes } from './scene.js';
import { diamond, start } from './workflow.contract.js';

/** Workflows that are started in one turn of the event loop: a store may send them together. */
export function workflowsTogetherContract(open: OpenStore): void {
  const scene = scenes(open);

  describe('a workflow', () => {
    it(
      'comes to be as a whole beside others that are started at once, one of them for the second time',
      scene(async (s) => {
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
      'is told of beside others that are started at once, of whose tasks one is waited for',
      scene(async (s) => {
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
