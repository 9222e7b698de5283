import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  settle,
  type NewExecution,
  type NewWorkflow,
  type Settlement,
} from '../../libs/scheduler/src/core/commands.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { BOOM, edgeTo, newExecution, nextId } from '../contract/fixtures.js';
import type { Worker } from '../contract/worker.js';
import { expectBounded, type Measured } from './script-times.js';
import { redisSuite } from './suites.js';

const ROUNDS = 3;
const LARGE = JSON.stringify('x'.repeat(240 * 1024));

describe('an exchange on Redis is one script of bounded time', () => {
  const redis = redisSuite();
  let m: Measured;
  let worker: Worker;

  beforeEach(async () => {
    m = await redis.measured();
    worker = await m.s.worker();
  });

  const settleAll = (claims: readonly Claim[], how: (claim: Claim) => Settlement): Promise<unknown> =>
    worker.settle(...claims.map(how));

  it('when runs with large records are claimed and released', async () => {
    const error = { ...BOOM, stack: 'x'.repeat(8 * 1024) };
    const retry = (claim: Claim): Settlement => settle.retry(claim, error, 0);
    await m.s.addMany(200);
    for (let attempt = 0; attempt < 9; attempt++) await settleAll(await worker.claimAll(200), retry);
    const released = await m.slowestOf(ROUNDS, async () => {
      await settleAll(await worker.claimAll(200), settle.release);
    });
    const claims = await worker.claimAll(200);
    await settleAll(claims, (claim) => settle.complete(claim, null));
    expect((await m.s.stats()).byStatus).toMatchObject({ COMPLETED: 200, RUNNING: 0 });
    expectBounded({ released });
  }, 120_000);

  it('when many runs return to their queue, in order', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 100; i += 10) ids.push(...(await m.s.addMany(10, { payload: LARGE, timeout: 60_000 })));
    const released = await m.slowestOf(ROUNDS, async () => {
      await settleAll(await worker.claimAll(100), settle.release);
    });
    expect((await worker.claimAll(100)).map((claim) => claim.executionId)).toEqual(ids);
    expectBounded({ released });
  }, 120_000);

  /** Starts a workflow of `roots` instances, and of `leaves` that wait for all of them. */
  async function startFan(roots: number, leaves: number, payload: string | null = null): Promise<void> {
    const workflowId = nextId();
    const ups = Array.from({ length: roots }, (_, i) =>
      newExecution({ workflow: { workflowId, ref: `u${i}` }, priority: 1 }),
    );
    const edges = ups.map(({ executionId }, i) => edgeTo(executionId, 'success', { ref: `u${i}` }));
    const members: NewExecution[] = [...ups];
    for (let i = 0; i < leaves; i++)
      members.push(newExecution({ workflow: { workflowId, ref: `d${i}` }, edges, payload: payload ?? 'null' }));
    const nodes: NewWorkflow['nodes'] = members.map(({ executionId, taskId, workflow }, i) => ({
      ...{ executionId, taskId, ref: workflow!.ref },
      dependsOn: i < roots ? [] : edges.map(({ ref, type }) => ({ ref, type })),
    }));
    await m.store.startWorkflow({ workflowId, name: 'fan', nodes }, members);
  }

  it('when many large members of a workflow waited for what ends', async () => {
    const endedAndClaimed = await m.slowestOf(ROUNDS, async () => {
      await startFan(1, 60, LARGE);
      await settleAll(await worker.claimAll(1), (claim) => settle.complete(claim, null));
      await m.s.maintain();
      expect(await worker.claimAll(60)).toHaveLength(60);
    });
    expectBounded({ endedAndClaimed });
  }, 120_000);

  it('when the ends of many members release thousands of dependents', async () => {
    const ended = await m.slowestOf(ROUNDS, async () => {
      for (let i = 0; i < 100; i++) await startFan(1, 150);
      const roots = await worker.claimAll(100);
      await settleAll(roots, (claim) => settle.complete(claim, null));
      await m.s.maintain();
      expect(await m.store.queueSizes('default')).toEqual([0, 0, 15_000, 0, 0]);
      for (let done = 0; done < 15_000;) {
        const claims = await worker.claim(250);
        await settleAll(claims, (claim) => settle.complete(claim, null));
        done += claims.length;
      }
    });
    expectBounded({ ended });
  }, 120_000);

  it('when it claims members of which each waited for many: it stops where it has read enough of their results', async () => {
    const claimed = await m.slowestOf(ROUNDS, async () => {
      await startFan(50, 60);
      await settleAll(await worker.claimAll(50), (claim) => settle.complete(claim, '7'));
      await m.s.maintain();
      const { claims, more } = await worker.exchange({ demand: 60 });
      expect([claims.length, more]).toEqual([10, true]);
      const all = [...claims, ...(await worker.claimAll(50))];
      for (const { results, resultsLeft } of all)
        expect([Object.keys(results ?? {}).length, resultsLeft]).toEqual([50, undefined]);
      await settleAll(all, (claim) => settle.complete(claim, null));
    });
    expectBounded({ claimed });
  }, 120_000);

  it('when one of many large results fails an execution that waits for all', async () => {
    const ended = await m.slowestOf(ROUNDS, async () => {
      await startFan(60, 60);
      const roots = await worker.claimAll(60);
      for (const claim of roots.slice(1)) await worker.settle(settle.complete(claim, LARGE));
      await worker.fail(roots[0]!);
      await m.s.maintain();
    });
    expect((await m.s.stats()).byStatus).toMatchObject({ SKIPPED: 60 * m.rounds });
    expectBounded({ ended });
  }, 120_000);

  it('when many large executions are claimed that were refused by workers without their handler', async () => {
    const unable = await m.s.worker('unable', { tasks: ['plain'] });
    const claimed = await m.slowestOf(ROUNDS, async (round) => {
      const ids: string[] = [];
      for (let i = 0; i < 100; i += 10) ids.push(...(await m.s.addMany(10, { payload: LARGE, taskId: 'nightly' })));
      while ((await unable.exchange({ demand: 250 })).more);
      const able = await m.s.worker(`able${round}`);
      const claims = await able.claimAll(100);
      expect(claims.map(({ executionId }) => executionId)).toEqual(ids);
    });
    expectBounded({ claimed });
  }, 120_000);

  it('when its worker has many large runs, and one suspected of causing crashes', async () => {
    const suspects = await m.s.addMany(ROUNDS + 1);
    for (const id of ['lost 1', 'lost 2']) {
      const lost = await m.s.worker(id);
      await lost.claimAll(ROUNDS + 1);
      m.s.clock.advance(60_000);
      await m.s.rescue();
    }
    const error = { ...BOOM, message: 'x'.repeat(4 * 1024), stack: 'x'.repeat(8 * 1024) };
    worker = await m.s.worker('busy');
    const [first] = await worker.claim(1);
    await m.s.addMany(200, { priority: 1 });
    for (let attempt = 0; attempt < 9; attempt++)
      await settleAll(await worker.claimAll(200), (claim) => settle.retry(claim, error, 0));
    await worker.claimAll(200);
    const claimed = await m.slowestOf(ROUNDS, async () => {
      expect(await worker.claim(1)).toEqual([]);
    });
    await worker.complete(first!);
    expect(await worker.claimIds(5)).toEqual([suspects[1]]);
    expectBounded({ claimed });
  }, 120_000);

  it('when thousands of runs end outside of the fast path', async () => {
    const ended = await m.slowestOf(ROUNDS, async () => {
      await m.s.addMany(2_000, { timeout: 60_000 });
      for (let done = 0; done < 2_000;) {
        const claims = await worker.claim(250);
        await settleAll(claims, (claim) => settle.complete(claim, null));
        done += claims.length;
      }
    });
    expectBounded({ ended });
  }, 120_000);
});
