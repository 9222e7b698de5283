import { describe, expect, it } from '@jest/globals';
import { edgeTo, HOUR, newExecution, nextId, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';
import { start } from './workflow.contract.js';

/** How long an ended workflow is kept, and how it comes back when one of its executions runs again. */
export function workflowHistoryContract(open: OpenStore): void {
  describe('the history of workflows', () => {
    const small = fixtures(open, { history: { count: 2, age: null, bytes: null } });

    it(
      'keeps all of a workflow until the whole of it has ended, then drops it',
      small(async (s) => {
        const { workflow, ids } = await start(s);
        const worker = await s.worker('w1', { queues: ['default', 'side'] });
        await worker.complete(await worker.claimOne(ids.extract), 'kept');
        const finishOthers = async () => {
          await s.addMany(5, { queue: 'side', priority: 0 });
          for (const claim of await worker.claim(5)) await worker.complete(claim);
          await s.maintain();
        };
        await finishOthers();
        expect((await s.get(ids.extract)).result).toBe('kept');
        const [left, right] = await worker.claim(2);
        await worker.complete(left!);
        await worker.complete(right!);
        await finishOthers();
        expect(await s.statuses(ids.extract, ids.left, ids.right)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED']);
        expect((await s.store.getWorkflow(workflow.workflowId))?.nodes.map((node) => node.status)).toEqual([
          'COMPLETED',
          'COMPLETED',
          'COMPLETED',
          'PENDING',
        ]);
        await worker.complete(await worker.claimOne(ids.load));
        await finishOthers();
        for (const id of Object.values(ids)) expect(await s.store.getExecution(id)).toBeNull();
      }),
    );

    it(
      'keeps as many ended workflows as executions, and every active one',
      small(async (s) => {
        const { workflow: running } = await start(s);
        const ended: string[] = [];
        for (let i = 0; i < 4; i++) {
          const { workflow, ids } = await start(s);
          await s.store.cancel(ids.extract, 0);
          await s.maintain();
          ended.push(workflow.workflowId);
        }
        const { items } = await s.store.listWorkflows({ limit: 10 });
        expect(items.map((item) => item.workflowId)).toEqual([ended[3], ended[2], running.workflowId]);
        expect(await s.store.getWorkflow(ended[0]!)).toBeNull();
      }),
    );

    it(
      'keeps the ended nodes of a workflow that runs again',
      fixtures(open, { history: { count: 6, age: null, bytes: null } })(async (s) => {
        const workflowId = nextId();
        const [good, bad] = ['good', 'bad'].map((ref) => newExecution({ workflow: { workflowId, ref } }));
        const nodes = [good!, bad!].map(({ executionId, taskId, workflow }) => ({
          ref: workflow!.ref,
          executionId,
          taskId,
          dependsOn: [],
        }));
        await s.store.startWorkflow({ workflowId, name: 'two beside each other', nodes }, [good!, bad!]);
        const worker = await s.worker('w1', { queues: ['default', 'side'] });
        await worker.complete(await worker.claimOne(good!.executionId));
        await worker.fail(await worker.claimOne(bad!.executionId));
        await s.store.reopen(bad!.executionId);
        await s.addMany(20, { queue: 'side', priority: 0 });
        for (const claim of await worker.claim(20)) await worker.complete(claim);
        expect(await s.status(good!.executionId)).toBe('COMPLETED');
        await worker.complete(await worker.claimOne(bad!.executionId));
        expect((await s.store.getWorkflow(workflowId))?.status).toBe('COMPLETED');
      }),
    );

    it(
      'stays in order when a workflow runs again',
      small(async (s) => {
        const workflowId = nextId();
        const executions = ['a', 'b', 'c', 'd'].map((ref) => newExecution({ workflow: { workflowId, ref } }));
        const nodes = executions.map(({ executionId, taskId, workflow }) => ({
          ref: workflow!.ref,
          executionId,
          taskId,
          dependsOn: [],
        }));
        await s.store.startWorkflow({ workflowId, name: 'four', nodes }, executions);
        const worker = await s.worker();
        for (const claim of await worker.claim(4)) {
          if (claim.executionId === nodes[3]!.executionId) await worker.fail(claim);
          else await worker.complete(claim);
        }
        const others = [await s.add(), await s.add()];
        for (const id of others) await worker.complete(await worker.claimOne(id));
        expect(await s.store.reopen(nodes[3]!.executionId)).toMatchObject({ is: 'PENDING' });
        await worker.complete(await worker.claimOne(nodes[3]!.executionId));
        // It is the newest that COMPLETED now, and one of the two that are kept.
        expect(await s.store.getExecution(others[0]!)).toBeNull();
        const last = await s.add();
        await worker.complete(await worker.claimOne(last));
        const { items } = await s.store.listExecutions({});
        expect(items.map((item) => item.executionId)).toEqual([
          last,
          ...nodes.map((node) => node.executionId).reverse(),
        ]);
        expect((await s.stats()).byStatus).toMatchObject({ COMPLETED: 5, FAILED: 0, PENDING: 0 });
      }),
    );

    it(
      'keeps a workflow while an execution outside waits for one of its nodes',
      fixtures(open, { history: { count: 1, age: null, bytes: null } })(async (s) => {
        const { workflow, ids } = await start(s);
        const later = await s.add({ delay: HOUR });
        const outside = await s.add({ edges: [edgeTo(ids.extract, 'always'), edgeTo(later)] });
        await s.store.cancel(ids.extract, 0);
        await s.maintain();
        for (let i = 0; i < 2; i++) {
          const other = await start(s);
          await s.store.cancel(other.ids.extract, 0);
          await s.maintain();
        }
        expect(await s.store.getWorkflow(workflow.workflowId)).toMatchObject({ status: 'CANCELLED' });
        expect(await s.store.reopen(ids.extract)).toMatchObject({ is: 'PENDING' });
        expect(await s.store.getWorkflow(workflow.workflowId)).toMatchObject({ status: 'RUNNING' });
        await s.store.cancel(outside, 0);
        await s.store.cancel(ids.extract, 0);
        await s.maintain();
        expect(await s.store.getWorkflow(workflow.workflowId)).toMatchObject({ status: 'CANCELLED' });
        const other = await start(s);
        await s.store.cancel(other.ids.extract, 0);
        await s.maintain();
        expect(await s.store.getWorkflow(workflow.workflowId)).toBeNull();
        for (const id of Object.values(ids)) expect(await s.store.getExecution(id)).toBeNull();
      }),
    );
  });
}
