import { beforeEach, describe, expect, it } from '@jest/globals';
import type { NewExecution, NewWorkflow } from '../../libs/scheduler/src/core/commands.js';
import { edgeTo, taskRecordOf, newExecution, newSchedule, nextId } from '../contract/fixtures.js';
import { expectBounded, type Measured } from './script-times.js';
import { redisSuite } from './suites.js';

const KB = 1024;

function workflowOf(size: number): { workflow: NewWorkflow; members: NewExecution[] } {
  const workflowId = nextId();
  const members = Array.from({ length: size }, (_, i) => newExecution({ workflow: { workflowId, ref: `n${i}` } }));
  const nodes = members.map(({ executionId, taskId, workflow }) => ({
    ...{ executionId, taskId, ref: workflow!.ref },
    dependsOn: [],
  }));
  return { workflow: { workflowId, name: 'wide', nodes }, members };
}

// Scripts and their replies are counted: a script per number of items bounds its time.
describe('large reads on Redis are assembled from many scripts', () => {
  const redis = redisSuite();
  let m: Measured;

  beforeEach(async () => {
    m = await redis.measured();
  });

  const inTens = <T>(count: number, make: (i: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => make(i)));
  const measure = async <T>(read: () => Promise<T>): Promise<{ value: T; calls: number; ms: number }> => {
    m.store.largestReply = 0;
    return m.slowest(read);
  };

  it('a workflow of many nodes', async () => {
    const { workflow, members } = workflowOf(1_200);
    await m.store.startWorkflow(workflow, members);
    const worker = await m.s.worker();
    await worker.complete(await worker.claimOne());
    await worker.fail(await worker.claimOne());
    await worker.claimOne();
    const { value, calls } = await measure(() => m.store.getWorkflow(workflow.workflowId));
    expect(value!.nodes.map((node) => node.status)).toEqual(
      members.map((_, i) => ['COMPLETED', 'FAILED', 'RUNNING'][i] ?? 'PENDING'),
    );
    expect(calls).toBeGreaterThanOrEqual(1_200 / 250);
  }, 30_000);

  it('workflows of many nodes, page by page', async () => {
    const started = Array.from({ length: 25 }, () => workflowOf(100));
    for (const { workflow, members } of started) await m.store.startWorkflow(workflow, members);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { value, calls } = await measure(() =>
        m.store.listWorkflows(cursor === undefined ? { limit: 10 } : { limit: 10, cursor }),
      );
      expect(calls).toBeGreaterThanOrEqual((value.items.length * 100) / 250);
      expect(value.items.every(({ nodes }) => nodes.length === 100)).toBe(true);
      seen.push(...value.items.map(({ workflowId }) => workflowId));
      cursor = value.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(started.map(({ workflow }) => workflow.workflowId).reverse());
  }, 30_000);

  it('an execution that waits for many', async () => {
    const upstreams = await m.s.addMany(700);
    const edges = upstreams.map((id, i) => edgeTo(id, 'success', { ref: `u${i}` }));
    const [join] = await m.store.enqueue([newExecution({ edges })]);
    const worker = await m.s.worker();
    await worker.complete(await worker.claimOne());
    await worker.claimOne();
    const { value, calls } = await measure(() => m.store.getExecution(join!));
    const { dependencies } = value!.waitingFor!;
    expect(dependencies!.map(({ ref }) => ref)).toEqual(upstreams.slice(1).map((_, i) => `u${i + 1}`));
    expect(dependencies!.slice(0, 2).map(({ status }) => status)).toEqual(['RUNNING', 'PENDING']);
    expect(calls).toBeGreaterThanOrEqual(4);
    const listed = await m.store.listExecutions({ limit: 1 });
    expect(listed.items[0]!.waitingFor).toEqual(value!.waitingFor);
  }, 30_000);

  it('locks', async () => {
    await inTens(900, (i) => m.store.acquireLock(`lock ${i}`, 'me', 60_000, 0));
    const { value, calls } = await measure(() => m.store.listLocks());
    expect(new Set(value.map(({ key }) => key)).size).toBe(900);
    expect(value).toHaveLength(900);
    expect(calls).toBeGreaterThanOrEqual(3);
    expect(await m.store.getLock('lock 7')).toMatchObject({ owner: 'me' });
    expect(await m.store.getLock('none')).toBeNull();
  }, 30_000);

  it('definitions and schedules of any size', async () => {
    const payload = 'x'.repeat(50 * KB);
    await m.store.putTasks(Array.from({ length: 300 }, (_, i) => taskRecordOf(`t${i}`, { payload })));
    const tasks = await measure(() => m.store.listTasks());
    expect(tasks.value.filter(({ taskId }) => /^t\d/.test(taskId))).toHaveLength(300);
    expect(m.store.largestReply).toBeLessThan(8 * 1024 * KB);
    const nextRunTime = m.s.now + 60_000;
    await inTens(300, (i) => m.store.putSchedule(newSchedule({ id: `s${i}`, nextRunTime })));
    const schedules = await measure(() => m.store.listSchedules());
    expect(schedules.value.map(({ id }) => id)).toEqual(Array.from({ length: 300 }, (_, i) => `s${i}`).sort());
    expect(schedules.calls).toBeGreaterThanOrEqual(3);
  }, 30_000);

  it('definitions and schedules with the largest payloads', async () => {
    const text = 'x'.repeat(250 * KB);
    const mirrors = Array.from({ length: 60 }, (_, i) => ({ ...taskRecordOf(`large${i}`), payload: { text } }));
    for (const each of mirrors) await m.store.putTasks([each]);
    for (let i = 0; i < 60; i++)
      await m.store.putSchedule(
        newSchedule({ id: `large${i}`, payload: JSON.stringify(text), nextRunTime: m.s.now + 60_000 }),
      );
    expect((await measure(() => m.store.listTasks())).value.length).toBeGreaterThanOrEqual(60);
    expect(m.store.largestReply).toBeLessThan(8 * 1024 * KB);
    expect((await measure(() => m.store.listSchedules())).value).toHaveLength(60);
    expect(m.store.largestReply).toBeLessThan(8 * 1024 * KB);
  });

  it('queues: their sizes, next executions and statistics', async () => {
    await inTens(250, (i) => m.s.add({ queue: `q${i}` }));
    const sizes = await measure(() => m.store.queueSizes());
    expect(sizes.value).toEqual([0, 0, 250, 0, 0]);
    expect(sizes.calls).toBeGreaterThanOrEqual(5);
    const stats = await measure(() => m.store.stats());
    expect(stats.value.queues.map(({ queue }) => queue)).toEqual(Array.from({ length: 250 }, (_, i) => `q${i}`).sort());
    expect(stats.calls).toBeGreaterThanOrEqual(5);
  }, 30_000);

  it('statistics of queues whose next executions are large', async () => {
    const payload = JSON.stringify('x'.repeat(200 * KB));
    const cancelled: string[] = [];
    for (let i = 0; i < 20; i++) {
      const queue = `q${i}`;
      for (const priority of [0, 1, 2] as const) {
        cancelled.push(...(await m.s.addMany(4, { queue, priority, payload })));
        await m.s.addMany(1, { queue, priority, payload });
      }
    }
    await inTens(cancelled.length, (i) => m.store.cancel(cancelled[i]!, 0));
    const { value, calls, ms } = await measure(() => m.store.stats());
    expect(value.queues.map(({ queue }) => queue).sort()).toEqual(Array.from({ length: 20 }, (_, i) => `q${i}`).sort());
    for (const { byPriority, oldestReadyTime } of value.queues) {
      expect(byPriority).toEqual([1, 1, 1, 0, 0]);
      expect(oldestReadyTime).toEqual([m.s.now, m.s.now, m.s.now, null, null]);
    }
    expect(calls).toBeGreaterThanOrEqual(10);
    expectBounded({ figures: ms });
  }, 60_000);

  it('a queue most of which was cancelled', async () => {
    const ids = await m.s.addMany(1_200);
    await inTens(1_100, (i) => m.store.cancel(ids[i]!, 0));
    const { value, calls } = await measure(() => m.store.peekQueue('default', 100));
    expect(value).toEqual(ids.slice(1_100));
    expect(calls).toBeGreaterThanOrEqual(3);
    expect((await m.store.stats()).queues[0]!.byPriority).toEqual([0, 0, 100, 0, 0]);
  }, 30_000);

  it('executions with large payloads: a page ends by its size, with a cursor', async () => {
    const payload = JSON.stringify('x'.repeat(200 * KB));
    const ids: string[] = [];
    for (let i = 0; i < 100; i += 10) ids.push(...(await m.s.addMany(10, { payload })));
    const seen: string[] = [];
    let pages = 0;
    for (let cursor = ''; ; pages++) {
      m.store.largestReply = 0;
      const page = await m.store.listExecutions({ limit: 1_000, cursor });
      expect(m.store.largestReply).toBeLessThan(1024 * KB);
      seen.push(...page.items.map(({ executionId }) => executionId));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(ids.reverse());
    expect(pages).toBeGreaterThanOrEqual(2);
  }, 60_000);

  it('workers, in the order in which they joined', async () => {
    for (let i = 0; i < 120; i++) await m.s.worker(`w${i}`);
    const { value, calls } = await measure(() => m.store.listWorkers());
    expect(value.map(({ workerId }) => workerId)).toEqual(Array.from({ length: 120 }, (_, i) => `w${i}`));
    expect(calls).toBeGreaterThanOrEqual(3);
  }, 30_000);

  it('and a removed task ends its queued executions in bounded steps', async () => {
    const mine = await m.s.addMany(350, { taskId: 'child' });
    await m.s.addMany(50);
    const { value, calls } = await measure(() => m.store.removeTask('child'));
    expect(value).toBe(true);
    expect(calls).toBeGreaterThanOrEqual(4);
    expect((await m.s.stats()).byStatus).toMatchObject({ PENDING: 50, CANCELLED: 350 });
    expect(await m.s.get(mine[349]!)).toMatchObject({ status: 'CANCELLED', reason: 'TASK_UNREGISTERED' });
  }, 30_000);
});
