import { describe, expect, it } from '@jest/globals';
import type { NewExecution, NewWorkflow } from '../../libs/scheduler/src/core/commands.js';
import { UnknownDependencyError } from '../../libs/scheduler/src/core/errors.js';
import { edgeTo, HOUR, idOf, newExecution, nextId, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';

export interface Diamond {
  workflow: NewWorkflow;
  executions: NewExecution[];
  ids: Record<'extract' | 'left' | 'right' | 'load', string>;
}

/** extract -> left, right -> load. */
export function diamond(name = 'nightly load'): Diamond {
  const workflowId = nextId();
  const ids = { extract: nextId(), left: nextId(), right: nextId(), load: nextId() };
  const dependsOn = { extract: [], left: ['extract'], right: ['extract'], load: ['left', 'right'] } as const;
  const refs = Object.keys(ids) as (keyof typeof ids)[];
  return {
    ids,
    workflow: {
      workflowId,
      name,
      nodes: refs.map((ref) => ({
        ref,
        executionId: ids[ref],
        taskId: 'plain',
        dependsOn: dependsOn[ref].map((ref) => ({ ref, type: 'success' as const })),
      })),
    },
    executions: refs.map((ref) =>
      newExecution({
        executionId: ids[ref],
        workflow: { workflowId, ref },
        edges: dependsOn[ref].map((up) => edgeTo(ids[up], 'success', { taskId: 'plain', ref: up })),
      }),
    ),
  };
}

export async function start(s: StoreFixture, name?: string): Promise<Diamond> {
  const made = diamond(name);
  await s.store.startWorkflow(made.workflow, made.executions);
  return made;
}

export function workflowContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('a workflow', () => {
    it(
      'runs in order, passes results along its edges, and completes',
      withFixture(async (s) => {
        const { workflow, ids } = await start(s);
        const worker = await s.worker();
        expect(await s.store.getWorkflow(workflow.workflowId)).toEqual({
          workflowId: workflow.workflowId,
          name: 'nightly load',
          status: 'RUNNING',
          createdTime: new Date(s.now).toISOString(),
          completedTime: null,
          nodes: workflow.nodes.map((node) => ({ ...node, status: 'PENDING' })),
        });
        expect(await s.get(ids.left)).toMatchObject({ workflowId: workflow.workflowId, ref: 'left' });
        const extract = await worker.claimOne(ids.extract);
        expect(extract.workflowId).toBe(workflow.workflowId);
        await worker.complete(extract, 1);
        const sides = await worker.claim(9);
        expect(sides.map((claim) => claim.executionId)).toEqual([ids.left, ids.right]);
        expect(sides[0]!.results).toEqual({ extract: '1' });
        await worker.complete(sides[0]!, 2);
        await worker.complete(sides[1]!, 3);
        s.clock.advance(1_000);
        const load = await worker.claimOne(ids.load);
        expect(load.results).toEqual({ left: '2', right: '3' });
        expect((await s.store.getWorkflow(workflow.workflowId))?.status).toBe('RUNNING');
        await worker.complete(load);
        expect(await s.store.getWorkflow(workflow.workflowId)).toMatchObject({
          status: 'COMPLETED',
          completedTime: new Date(s.now).toISOString(),
        });
        expect(s.effectsOf('workflow').at(-1)).toMatchObject({ workflowId: workflow.workflowId, status: 'COMPLETED' });
      }),
    );

    it(
      'is COMPLETED at once without nodes',
      withFixture(async (s) => {
        const workflowId = nextId();
        await s.store.startWorkflow({ workflowId, name: 'nothing to do', nodes: [] }, []);
        await s.store.startWorkflow({ workflowId, name: 'nothing to do', nodes: [] }, []);
        const time = new Date(s.now).toISOString();
        const info = { workflowId, name: 'nothing to do', status: 'COMPLETED', createdTime: time, completedTime: time };
        expect(await s.store.getWorkflow(workflowId)).toMatchObject({ ...info, nodes: [] });
        expect((await s.store.listWorkflows({ limit: 9 })).items).toEqual([{ ...info, nodes: [] }]);
        expect(s.effectsOf('workflow')).toMatchObject([{ workflowId, status: 'COMPLETED' }]);
      }),
    );

    it(
      'passes results in the order of the edges, whatever the order of the ends',
      withFixture(async (s) => {
        const refs = Array.from({ length: 20 }, (_, i) => `up-${(i * 7) % 20}`);
        for (const timeout of [null, HOUR]) {
          const workflowId = nextId();
          const ups = refs.map((ref) => newExecution({ workflow: { workflowId, ref } }));
          const edges = ups.map((up, i) =>
            edgeTo(up.executionId, 'success', { taskId: 'plain', ref: refs[i]!, timeout }),
          );
          const join = newExecution({ workflow: { workflowId, ref: 'join' }, edges });
          const nodes = [...ups, join].map(({ executionId, workflow }) => ({
            ref: workflow!.ref,
            executionId,
            taskId: 'plain',
            dependsOn: workflow!.ref === 'join' ? refs.map((ref) => ({ ref, type: 'success' as const })) : [],
          }));
          await s.store.startWorkflow({ workflowId, name: 'join', nodes }, [...ups, join]);
          const worker = await s.worker();
          for (const claim of (await worker.claim(20)).toReversed())
            await worker.complete(claim, claim.executionId === ups[3]!.executionId ? undefined : 'a "result"');
          await s.maintain();
          const { results } = await worker.claimOne(join.executionId);
          expect(Object.keys(results!)).toEqual(refs);
          expect(Object.values(results!)).toEqual(refs.map((_, i) => (i === 3 ? null : '"a \\"result\\""')));
        }
      }),
    );

    it(
      'is FAILED if a node failed, once every node has ended',
      withFixture(async (s) => {
        const { workflow, ids } = await start(s);
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(ids.extract));
        const [left, right] = await worker.claim(2);
        await worker.fail(left!);
        await s.maintain();
        expect(await s.status(ids.load)).toBe('SKIPPED');
        expect((await s.store.getWorkflow(workflow.workflowId))?.status).toBe('RUNNING');
        await worker.complete(right!);
        const info = await s.store.getWorkflow(workflow.workflowId);
        expect(info?.status).toBe('FAILED');
        expect(info?.nodes.map((node) => node.status)).toEqual(['COMPLETED', 'FAILED', 'COMPLETED', 'SKIPPED']);
      }),
    );

    it(
      'is CANCELLED if a node was cancelled and none failed',
      withFixture(async (s) => {
        const { workflow, ids } = await start(s);
        await s.store.cancel(ids.extract, 0);
        await s.maintain();
        expect((await s.store.getWorkflow(workflow.workflowId))?.status).toBe('CANCELLED');
        expect(await s.statuses(ids.left, ids.right, ids.load)).toEqual(['SKIPPED', 'SKIPPED', 'SKIPPED']);
      }),
    );

    it(
      'runs again from the reopened node',
      withFixture(async (s) => {
        const { workflow, ids } = await start(s);
        const worker = await s.worker();
        await worker.fail(await worker.claimOne(ids.extract));
        await s.maintain();
        expect((await s.store.getWorkflow(workflow.workflowId))?.status).toBe('FAILED');
        expect(await s.store.reopen(ids.extract)).toMatchObject({ is: 'PENDING' });
        await s.maintain();
        expect(await s.store.getWorkflow(workflow.workflowId)).toMatchObject({
          status: 'RUNNING',
          completedTime: null,
        });
        for (let i = 0; i < 4; i++) await worker.complete(await worker.claimOne());
        expect((await s.store.getWorkflow(workflow.workflowId))?.status).toBe('COMPLETED');
      }),
    );

    it(
      'is stored as a whole or not at all',
      withFixture(async (s) => {
        const before = await s.store.dump();
        const { workflow, executions } = diamond();
        const broken = executions.with(3, { ...executions[3]!, edges: [edgeTo(idOf(0xdead))] });
        await expect(s.store.startWorkflow(workflow, broken)).rejects.toBeInstanceOf(UnknownDependencyError);
        expect(await s.store.dump()).toEqual(before);
        expect(await s.store.getWorkflow(workflow.workflowId)).toBeNull();
        expect(s.effects).toEqual([]);
      }),
    );

    it(
      'is a repeat if it is stored already, and changes nothing',
      withFixture(async (s) => {
        const { workflow, executions, ids } = await start(s);
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(ids.extract));
        const before = await s.store.dump();
        s.effects.length = 0;
        await s.store.startWorkflow(workflow, executions);
        expect(await s.store.dump()).toEqual(before);
        expect(s.effectsOf('execution')).toEqual([]);
      }),
    );

    it(
      'can depend on executions outside of it',
      withFixture(async (s) => {
        await s.depend('child', 'parent');
        const outside = await s.add({ taskId: 'parent' });
        const made = diamond();
        const first = { ...made.executions[0]!, edges: [edgeTo(outside, 'success', { ref: 'outside' })] };
        await s.store.startWorkflow(made.workflow, made.executions.with(0, first));
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(outside), 'done');
        expect((await worker.claimOne(made.ids.extract)).results).toEqual({ outside: '"done"' });
      }),
    );

    it(
      'is unknown under another id',
      withFixture(async (s) => {
        expect(await s.store.getWorkflow(idOf(0xdead))).toBeNull();
      }),
    );

    it(
      'is listed, newest first, page by page',
      withFixture(async (s) => {
        const started: string[] = [];
        for (let i = 0; i < 5; i++) {
          started.push((await start(s, `run ${i}`)).workflow.workflowId);
          s.clock.advance(1_000);
        }
        const listed: string[] = [];
        let cursor: string | null = null;
        do {
          const page: Awaited<ReturnType<typeof s.store.listWorkflows>> = await s.store.listWorkflows({
            limit: 2,
            cursor: cursor ?? undefined,
          });
          expect(page.items.length).toBeLessThanOrEqual(2);
          listed.push(...page.items.map((item) => item.workflowId));
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect(listed).toEqual(started.reverse());
      }),
    );
  });
}
