import { describe, expect, it } from '@jest/globals';
import {
  settle,
  type NewExecution,
  type NewWorkflow,
  type Settlement,
} from '../../libs/scheduler/src/core/commands.js';
import { BOOM, edgeTo, edgeToNewest, HOUR, newExecution, nextId, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';
import type { Worker } from './worker.js';

/** Starts a workflow of one first node and others that come after it. @returns their ids, the first one first */
async function startFan(
  s: StoreFixture,
  size: number,
  overrides: Partial<NewExecution> = {},
): Promise<[string, string[]]> {
  const workflowId = nextId();
  const rows: NewExecution[] = [];
  for (let i = 0; i < size; i++) {
    const edges = i === 0 ? null : [edgeTo(rows[0]!.executionId, 'always', { taskId: 'plain', ref: 'n0' })];
    rows.push(newExecution({ edges, queue: 'fan', workflow: { workflowId, ref: `n${i}` }, ...overrides }));
  }
  const nodes: NewWorkflow['nodes'] = rows.map(({ executionId, taskId }, i) => ({
    ref: `n${i}`,
    executionId,
    taskId,
    dependsOn: i === 0 ? [] : [{ ref: 'n0', type: 'always' }],
  }));
  await s.store.startWorkflow({ workflowId, name: 'fan', nodes }, rows);
  return [workflowId, rows.map((row) => row.executionId)];
}

/** Ends all ready executions in the queue of such workflows; `fails` selects those that fail. */
async function endAll(
  s: StoreFixture,
  worker: Worker,
  fails: (executionId: string) => boolean = () => false,
): Promise<void> {
  for (let settlements: Settlement[] = []; ;) {
    const { claims } = await worker.exchange({ settlements, demand: 200 });
    if (claims.length === 0 && settlements.length === 0 && !(await s.store.promote(200)).more) return;
    settlements = claims.map((run) =>
      fails(run.executionId) ? settle.fail(run, BOOM, 'HANDLER_FAILED') : settle.complete(run, null),
    );
  }
}

/** Simple executions that end, one after the other. */
async function plain(s: StoreFixture, count: number, end: 'complete' | 'fail' | 'cancel'): Promise<string[]> {
  const worker = await s.worker('plain', { queues: ['plain'] });
  const ids = await s.addMany(count, { queue: 'plain' });
  for (const id of ids) {
    if (end === 'cancel') await s.store.cancel(id, 0);
    else if (end === 'fail') await worker.fail(await worker.claimOne(id));
    else await worker.complete(await worker.claimOne(id));
    s.clock.advance(1);
  }
  return ids;
}

async function there(s: StoreFixture, ids: readonly string[]): Promise<number> {
  const found = await Promise.all(ids.map((id) => s.store.getExecution(id)));
  return found.filter((each) => each !== null).length;
}

const forever = { age: null, bytes: null };

export function keptWholeContract(open: OpenStore): void {
  const byDefault = fixtures(open);
  const three = fixtures(open, { history: { count: 3, ...forever } });

  describe('history keeps and drops a workflow as a whole', () => {
    for (const [which, at] of [
      ['first', 0],
      ['last', 1_499],
    ] as const)
      it(
        `a workflow of 1,500 nodes whose ${which} node fails is there, and runs again from that node`,
        byDefault(async (s) => {
          const [workflowId, ids] = await startFan(s, 1_500);
          const worker = await s.worker('fan', { queues: ['fan'] });
          const failing = ids[at]!;
          await endAll(s, worker, (id) => id === failing);
          await s.maintain();
          const all = await s.store.getWorkflow(workflowId);
          expect(all).toMatchObject({ status: 'FAILED' });
          expect(await there(s, ids)).toBe(1_500);
          expect(await s.status(failing)).toBe('FAILED');
          expect(await s.store.reopen(failing)).toMatchObject({ is: 'PENDING' });
          let again = 0;
          await endAll(s, worker, () => (again++, false));
          await s.maintain();
          expect(again).toBe(1);
          expect(await s.store.getWorkflow(workflowId)).toMatchObject({ status: 'COMPLETED' });
          expect(await there(s, ids)).toBe(1_500);
        }),
        60_000,
      );

    for (const size of [2, 11, 150, 250])
      it(
        `one of ${size} counts as one, and is removed completely`,
        three(async (s) => {
          const worker = await s.worker('fan', { queues: ['fan'] });
          const runs: [string, string[]][] = [];
          for (let i = 0; i < 5; i++) {
            runs.push(await startFan(s, size));
            await endAll(s, worker);
            s.clock.advance(1);
          }
          await s.maintain();
          for (const [i, [workflowId, ids]] of runs.entries()) {
            expect(await there(s, ids)).toBe(i < 2 ? 0 : size);
            expect((await s.store.getWorkflow(workflowId))?.status ?? null).toBe(i < 2 ? null : 'COMPLETED');
          }
          expect((await s.store.listWorkflows({ limit: 50 })).items).toHaveLength(3);
          expect((await s.stats()).byStatus.COMPLETED).toBe(3 * size);
          // Single executions count with them.
          await plain(s, 2, 'complete');
          await s.maintain();
          expect((await s.store.listWorkflows({ limit: 50 })).items).toHaveLength(1);
          expect((await s.stats()).byStatus.COMPLETED).toBe(size + 2);
        }),
        30_000,
      );

    it(
      'a failed workflow outlives completed ones and single executions',
      three(async (s) => {
        const worker = await s.worker('fan', { queues: ['fan'] });
        const [failed, ids] = await startFan(s, 4);
        await endAll(s, worker, (id) => id === ids[2]);
        for (let i = 0; i < 4; i++) {
          await startFan(s, 4);
          await endAll(s, worker);
        }
        await plain(s, 5, 'complete');
        await plain(s, 5, 'cancel');
        await s.maintain();
        expect(await s.store.getWorkflow(failed)).toMatchObject({ status: 'FAILED' });
        expect(await there(s, ids)).toBe(4);
        expect(await s.store.reopen(ids[2]!)).toMatchObject({ is: 'PENDING' });
        // Its other nodes stay while it runs again.
        await plain(s, 5, 'fail');
        expect(await there(s, ids)).toBe(4);
        await endAll(s, worker);
        expect(await s.store.getWorkflow(failed)).toMatchObject({ status: 'COMPLETED' });
        await plain(s, 3, 'complete');
        await s.maintain();
        expect(await there(s, ids)).toBe(0);
        expect(await s.store.getWorkflow(failed)).toBeNull();
      }),
    );

    it(
      'one of 250 that ran again is removed completely',
      three(async (s) => {
        const worker = await s.worker('fan', { queues: ['fan'] });
        const [workflowId, ids] = await startFan(s, 250);
        await endAll(s, worker, (id) => id === ids[2]);
        await s.maintain();
        expect(await s.store.reopen(ids[2]!)).toMatchObject({ is: 'PENDING' });
        await endAll(s, worker);
        await s.maintain();
        expect(await s.store.getWorkflow(workflowId)).toMatchObject({ status: 'COMPLETED' });
        await plain(s, 3, 'complete');
        await s.maintain();
        expect(await s.store.getWorkflow(workflowId)).toBeNull();
        expect(await there(s, ids)).toBe(0);
        expect((await s.stats()).byStatus.COMPLETED).toBe(3);
      }),
      30_000,
    );

    it(
      'all of it is kept while an execution outside needs one of its nodes, and dropped afterwards',
      three(async (s) => {
        const worker = await s.worker('fan', { queues: ['fan'] });
        const [workflowId, ids] = await startFan(s, 4);
        const early = await s.add({
          delay: HOUR,
          edges: [edgeTo(ids[1]!, 'success', { taskId: 'plain', ref: 'up' })],
        });
        await endAll(s, worker);
        const late = await s.add({
          delay: HOUR,
          edges: [edgeTo(ids[3]!, 'success', { taskId: 'plain', ref: 'up' })],
        });
        await plain(s, 5, 'complete');
        expect(await there(s, ids)).toBe(4);
        await s.store.cancel(early, 0);
        await plain(s, 5, 'complete');
        expect(await there(s, ids)).toBe(4);
        expect(await s.store.getWorkflow(workflowId)).toMatchObject({ status: 'COMPLETED' });
        await s.store.cancel(late, 0);
        await s.maintain();
        expect(await there(s, ids)).toBe(4);
        await plain(s, 3, 'complete');
        await s.maintain();
        expect(await there(s, ids)).toBe(0);
        expect(await s.store.getWorkflow(workflowId)).toBeNull();
      }),
    );

    it(
      'all of it is kept while one node is the newest execution of a task that others depend on',
      three(async (s) => {
        await s.depend('child', 'parent');
        const worker = await s.worker('fan', { queues: ['fan'] });
        const [workflowId, ids] = await startFan(s, 3, { taskId: 'parent' });
        await endAll(s, worker);
        await plain(s, 5, 'complete');
        expect(await there(s, ids)).toBe(3);
        const child = await s.add({ taskId: 'child', edges: [edgeToNewest('parent')] });
        await s.store.cancel(child, 0);
        const newer = await s.add({ taskId: 'parent' });
        await s.store.cancel(newer, 0);
        await plain(s, 3, 'complete');
        await s.maintain();
        expect(await there(s, ids)).toBe(0);
        expect(await s.store.getWorkflow(workflowId)).toBeNull();
      }),
    );
  });

  describe('history limits each outcome separately', () => {
    it(
      'failures outlive successes, and vice versa',
      three(async (s) => {
        const failed = await plain(s, 4, 'fail');
        const completed = await plain(s, 10, 'complete');
        const cancelled = await plain(s, 5, 'cancel');
        await plain(s, 1, 'fail');
        await s.maintain();
        expect(await there(s, failed)).toBe(2);
        expect(await there(s, completed)).toBe(3);
        expect(await there(s, cancelled)).toBe(3);
        expect(await s.store.reopen(failed[3]!)).toMatchObject({ is: 'PENDING' });
        expect((await s.stats()).byStatus).toMatchObject({ COMPLETED: 3, FAILED: 2, CANCELLED: 3 });
      }),
    );

    it(
      'by count, age and bytes',
      fixtures(open, {
        history: {
          COMPLETED: { count: 2, ...forever },
          FAILED: { count: 5, age: HOUR, bytes: null },
          CANCELLED: { count: 100, age: null, bytes: 10 },
          SKIPPED: { count: 0, ...forever },
        },
      })(async (s) => {
        const completed = await plain(s, 4, 'complete');
        const failed = await plain(s, 6, 'fail');
        const cancelled: string[] = [];
        for (let i = 0; i < 5; i++) {
          cancelled.push(await s.add({ payload: '"1234"' }));
          await s.store.cancel(cancelled[i]!, 0);
        }
        const skipped = await s.add({
          edges: [edgeTo(failed[5]!, 'success', { taskId: 'plain', ref: 'up' })],
        });
        await s.maintain();
        expect(await there(s, completed)).toBe(2);
        expect(await there(s, failed)).toBe(5);
        expect(await there(s, cancelled)).toBe(1);
        expect(await there(s, [skipped])).toBe(0);
        await s.advance(2 * HOUR);
        expect(await there(s, failed)).toBe(0);
        expect(await there(s, completed)).toBe(2);
        expect((await s.stats()).byStatus).toMatchObject({ COMPLETED: 2, FAILED: 0, CANCELLED: 1, SKIPPED: 0 });
      }),
    );

    it(
      'workflows by their age, and by the bytes of all their executions',
      fixtures(open, { history: { count: 1_000, age: HOUR, bytes: 100 } })(async (s) => {
        const worker = await s.worker('fan', { queues: ['fan'] });
        const runs: string[][] = [];
        for (let i = 0; i < 3; i++) {
          runs.push((await startFan(s, 4, { payload: '"12345678"' }))[1]);
          await endAll(s, worker);
        }
        await s.maintain();
        expect(await Promise.all(runs.map((ids) => there(s, ids)))).toEqual([0, 4, 4]);
        await s.advance(HOUR);
        expect(await Promise.all(runs.map((ids) => there(s, ids)))).toEqual([0, 0, 0]);
        expect((await s.store.listWorkflows({ limit: 50 })).items).toEqual([]);
        const [, again] = await startFan(s, 4, { payload: '"12345678"' });
        await endAll(s, worker);
        await s.maintain();
        expect(await there(s, again)).toBe(4);
      }),
    );
  });
}
