import { beforeEach, describe, expect, it } from '@jest/globals';
import { settle, type NewExecution, type NewWorkflow } from '../../libs/scheduler/src/core/commands.js';
import { MAX_BATCH } from '../../libs/scheduler/src/core/limits.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { edgeTo, taskRecordOf, newExecution, newSchedule, nextId } from '../contract/fixtures.js';
import { expectBounded, repeatWhenSlow, type Measured } from './script-times.js';
import { redisSuite } from './suites.js';

const ROUNDS = 3;

repeatWhenSlow();

describe('large writes on Redis are scripts of bounded time', () => {
  const redis = redisSuite();
  let m: Measured;

  beforeEach(async () => {
    m = await redis.measured();
  });

  it('a batch of idempotency keys, and its repeat', async () => {
    const batchOf = (round: number) =>
      Array.from({ length: 10_000 }, (_, i) =>
        newExecution({ idempotency: { key: `order ${round}|${i}`, fingerprint: 'body' } }),
      );
    const twice = await m.slowestOf(ROUNDS, async (round) => {
      await m.store.enqueue(batchOf(round));
      await m.store.enqueue(batchOf(round));
    });
    expect((await m.s.stats()).byStatus.PENDING).toBe(10_000 * m.rounds);
    expectBounded({ twice });
  }, 120_000);

  it('the schedules that an app declares, and those that it no longer does', async () => {
    const ids = Array.from({ length: 1_500 }, (_, i) => `s${i}`);
    const payload = JSON.stringify('x'.repeat(20 * 1024));
    const nextRunTime = m.s.now + 3_600_000;
    const put = (id: string) => m.store.putSchedule(newSchedule({ id, payload, nextRunTime, declaredBy: 'app' }));
    await Promise.all(ids.map(put));
    const again = await m.slowestOf(ROUNDS, () => m.store.declareSchedules('app', ids, false));
    const removed = await m.slowestOf(1, () => m.store.declareSchedules('app', [], true));
    expect(await m.store.listSchedules()).toEqual([]);
    expectBounded({ again, removed });
  }, 120_000);

  it('the removal of a task among large definitions and schedules', async () => {
    const payload = 'x'.repeat(40 * 1024);
    const others = Array.from({ length: 1_000 }, (_, i) => `other${i}`);
    await m.store.putTasks(others.map((taskId) => taskRecordOf(taskId, { payload })));
    await m.store.putTasks(Array.from({ length: ROUNDS }, (_, i) => taskRecordOf(`gone${i}`)));
    const nextRunTime = m.s.now + 3_600_000;
    const put = (id: string, taskId: string) =>
      m.store.putSchedule(newSchedule({ id, taskId, payload: JSON.stringify(payload), nextRunTime }));
    await Promise.all(others.map((taskId, i) => put(taskId, i % 100 === 0 ? `gone${(i / 100) % ROUNDS}` : taskId)));
    const removed = await m.slowestOf(ROUNDS, (round) => m.store.removeTask(`gone${round}`));
    const left = (await m.store.listSchedules()).map(({ taskId }) => taskId);
    expect(left.filter((taskId) => taskId.startsWith('other'))).toHaveLength(990);
    for (let round = 0; round < ROUNDS; round++) expect(left.includes(`gone${round}`)).toBe(round >= m.rounds);
    expectBounded({ removed });
  }, 120_000);

  const edgesTo = (ids: readonly string[]) => ids.map((id, i) => edgeTo(id, 'success', { ref: `u${i}` }));

  const wait = async (upstreams: readonly string[]): Promise<string> => {
    const [id] = await m.store.enqueue([newExecution({ edges: edgesTo(upstreams) })]);
    return id!;
  };

  it('an execution that waits for thousands, and its cancel', async () => {
    const upstreams = await m.s.addMany(9_999);
    const madeAndCancelled = await m.slowestOf(ROUNDS, async () => {
      await m.store.cancel(await wait(upstreams), 0);
      await m.s.maintain();
    });
    expect((await m.s.stats()).byStatus).toMatchObject({ PENDING: 9_999, CANCELLED: m.rounds });
    expectBounded({ madeAndCancelled });
  }, 120_000);

  it('a workflow whose last node waits for thousands', async () => {
    const made = await m.slowestOf(ROUNDS, () => {
      const workflowId = nextId();
      const roots = Array.from({ length: 9_999 }, (_, i) => newExecution({ workflow: { workflowId, ref: `u${i}` } }));
      const edges = edgesTo(roots.map((each) => each.executionId));
      const members: NewExecution[] = [...roots, newExecution({ workflow: { workflowId, ref: 'join' }, edges })];
      const nodes: NewWorkflow['nodes'] = members.map(({ executionId, taskId, workflow }, i) => ({
        ...{ executionId, taskId, ref: workflow!.ref },
        dependsOn: i < 9_999 ? [] : edges.map(({ ref, type }) => ({ ref, type })),
      }));
      return m.store.startWorkflow({ workflowId, name: 'join', nodes }, members);
    });
    expect(await m.store.queueSizes('default')).toEqual([0, 0, 9_999 * m.rounds, 0, 0]);
    expectBounded({ made });
  }, 120_000);

  const LARGE = JSON.stringify('x'.repeat(240 * 1024));
  const addLarge = async (count: number, more: Partial<NewExecution> = {}): Promise<void> => {
    for (let i = 0; i < count; i += 10) await m.s.addMany(10, { payload: LARGE, ...more });
  };

  it('a batch of thousands of plain executions', async () => {
    const made = await m.slowestOf(ROUNDS, () => m.s.addMany(MAX_BATCH));
    expect(await m.store.queueSizes('default')).toEqual([0, 0, MAX_BATCH * m.rounds, 0, 0]);
    expectBounded({ made });
  }, 120_000);

  it('a batch of large payloads', async () => {
    const made = await m.slowestOf(ROUNDS, () => m.s.addMany(30, { payload: LARGE }));
    expect(await m.store.queueSizes('default')).toEqual([0, 0, 30 * m.rounds, 0, 0]);
    expectBounded({ made });
  }, 120_000);

  it('the promotion of large executions', async () => {
    const promoted = await m.slowestOf(ROUNDS, async () => {
      await addLarge(200, { delay: 1_000 });
      await m.s.advance(1_000);
    });
    expect(await m.store.queueSizes('default')).toEqual([0, 0, 200 * m.rounds, 0, 0]);
    expectBounded({ promoted });
  }, 120_000);

  it('the rescue of large executions, in their order', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 200; i += 10) ids.push(...(await m.s.addMany(10, { payload: LARGE })));
    // Two rounds: an execution that has crashed twice runs alone.
    const rescued = await m.slowestOf(2, async (round) => {
      const worker = await m.s.worker(`lost${round}`);
      const claimed: string[] = [];
      while (claimed.length < 200) claimed.push(...(await worker.claimIds(10)));
      expect(claimed).toEqual(ids);
      m.s.clock.advance(60_000);
      await m.s.rescue();
    });
    expect(await m.store.queueSizes('default')).toEqual([0, 0, 200, 0, 0]);
    expectBounded({ rescued });
  }, 120_000);

  it('the end of an execution that many large ones wait for', async () => {
    const worker = await m.s.worker();
    const ended = await m.slowestOf(ROUNDS, async () => {
      await addLarge(100, { edges: [edgeTo(await m.s.add({ priority: 1 }))] });
      const claims = await worker.claim(1);
      await worker.complete(claims[0]!);
      await m.s.maintain();
    });
    expect(await m.store.queueSizes('default')).toEqual([0, 0, 100 * m.rounds, 0, 0]);
    expectBounded({ ended });
  }, 120_000);

  it('the last end of a workflow with large results, and its removal from history', async () => {
    m = await redis.measured({ history: { count: 0, age: null, bytes: null } });
    const worker = await m.s.worker();
    const ended = await m.slowestOf(ROUNDS, async () => {
      const workflowId = nextId();
      const members = Array.from({ length: 200 }, (_, i) => newExecution({ workflow: { workflowId, ref: `n${i}` } }));
      const nodes = members.map((each, i) => {
        return { executionId: each.executionId, taskId: each.taskId, ref: `n${i}`, dependsOn: [] };
      });
      await m.store.startWorkflow({ workflowId, name: 'wide', nodes }, members);
      for (let done = 0; done < 200;) {
        const claims = await worker.claim(2);
        await worker.settle(...claims.map((claim) => settle.complete(claim, LARGE)));
        done += claims.length;
      }
      await m.s.maintain();
      expect(await m.store.getWorkflow(workflowId)).toBeNull();
    });
    expect((await m.store.listExecutions({ limit: 10 })).items).toEqual([]);
    expectBounded({ ended });
  }, 120_000);

  it('an execution that waits for hundreds of large results, and its end', async () => {
    const count = 300;
    const upstreams = await m.s.addMany(count);
    const worker = await m.s.worker();
    const result = JSON.stringify('x'.repeat(100 * 1024));
    for (let done = 0; done < count;) {
      const claims = await worker.claim(20);
      await worker.settle(...claims.map((claim) => settle.complete(claim, result)));
      done += claims.length;
    }
    const ids: string[] = [];
    const made = await m.slowestOf(ROUNDS, async () => ids.push(await wait(upstreams)));
    while (ids.length < ROUNDS) ids.push(await wait(upstreams));
    const claims: Claim[] = [];
    for (const id of ids) claims.push(await worker.claimOne(id));
    const ended = await m.slowestOf(ROUNDS, async (round) => {
      await worker.complete(claims[round]!);
      await m.s.maintain();
    });
    expectBounded({ made, ended });
  }, 120_000);
});
