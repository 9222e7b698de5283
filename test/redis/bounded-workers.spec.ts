import { beforeEach, describe, expect, it } from '@jest/globals';
import { settle, type NewExecution, type NewWorkflow } from '../../libs/scheduler/src/core/commands.js';
import { BOOM, newExecution, nextId } from '../contract/fixtures.js';
import type { Worker } from '../contract/worker.js';
import { expectBounded, type Measured } from './script-times.js';
import { redisSuite } from './suites.js';

const ROUNDS = 3;
const WORKERS = 1_000;

describe('among a thousand workers, the worker of a run is found on Redis by scripts of bounded time', () => {
  const redis = redisSuite();
  let m: Measured;
  let workers: Worker[];

  beforeEach(async () => {
    m = await redis.measured();
    workers = await Promise.all(Array.from({ length: WORKERS }, (_, i) => m.s.worker(`w${i}`)));
  }, 60_000);

  it('when executions are listed', async () => {
    const ids = await m.s.addMany(600);
    await workers[500]!.claim(100);
    const all = await m.slowestOf(ROUNDS, async () => {
      const { items } = await m.store.listExecutions({ limit: 300 });
      expect(items.map(({ executionId }) => executionId)).toEqual(ids.slice(300).reverse());
      expect(items.every(({ status }) => status === 'PENDING')).toBe(true);
    });
    const running = await m.slowestOf(ROUNDS, async () => {
      const { items } = await m.store.listExecutions({ limit: 300, status: 'RUNNING' });
      expect(items.map(({ executionId }) => executionId)).toEqual(ids.slice(0, 100).reverse());
    });
    expectBounded({ all, running });
  }, 120_000);

  it('when a workflow is shown', async () => {
    const workflowId = nextId();
    const members: NewExecution[] = Array.from({ length: 600 }, (_, i) =>
      newExecution({ workflow: { workflowId, ref: `n${i}` } }),
    );
    const nodes: NewWorkflow['nodes'] = members.map(({ executionId, taskId, workflow }) => {
      return { executionId, taskId, ref: workflow!.ref, dependsOn: [] };
    });
    await m.store.startWorkflow({ workflowId, name: 'wide', nodes }, members);
    await workers[3]!.claim(250);
    const shown = await m.slowestOf(ROUNDS, async () => {
      const found = await m.store.getWorkflow(workflowId);
      expect(found!.nodes.filter(({ status }) => status === 'RUNNING')).toHaveLength(250);
    });
    expectBounded({ shown });
  }, 120_000);

  it('when a worker settles runs that it does not have', async () => {
    await m.s.addMany(100);
    const claims = await workers[1]!.claim(100);
    const [ready] = await m.s.addMany(100);
    const stale = await m.slowestOf(ROUNDS, async () => {
      const settled = await workers[2]!.settle(...claims.map((claim) => settle.fail(claim, BOOM, 'HANDLER_FAILED')));
      expect(new Set(settled)).toEqual(new Set(['stale']));
    });
    expect(await m.s.status(ready!)).toBe('PENDING');
    expectBounded({ stale });
  }, 120_000);

  it('when runs that take too long are searched', async () => {
    for (let i = 0; i < 40; i += 10) await m.s.addMany(10_000);
    await Promise.all(workers.map((worker) => worker.claim(40)));
    expect(await m.store.expiredRuns(100)).toEqual([]);
    const looked = await m.slowestOf(ROUNDS, () => m.store.expiredRuns(100));
    m.s.clock.advance(3_600_000);
    await workers[999]!.claim(1);
    const last = await m.store.expiredRuns(100);
    expect(new Set(last.map(({ executionId }) => executionId)).size).toBe(100);
    expectBounded({ looked });
  }, 120_000);
});
