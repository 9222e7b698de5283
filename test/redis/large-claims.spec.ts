import { beforeEach, describe, expect, it } from '@jest/globals';
import { settle, type NewExecution, type NewWorkflow } from '../../libs/scheduler/src/core/commands.js';
import { sizeOfPayload } from '../../libs/scheduler/src/core/payload.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { edgeTo, newExecution, nextId } from '../contract/fixtures.js';
import type { Worker } from '../contract/worker.js';
import type { Measured } from './script-times.js';
import { redisSuite } from './suites.js';

/** Maximum characters of one reply: its budget, and what is read before the budget is checked. */
const REPLY = 12 * 1024 * 1024;
const KB = 1024;

const textOf = (bytes: number, seed: number): string => JSON.stringify(String(seed).padStart(bytes, 'x'));
const sizeOf = (claims: readonly Claim[]): number =>
  claims.reduce((sum, { payload, results }) => {
    const texts = Object.values(results ?? {});
    return sum + texts.reduce((size, text) => size + (text?.length ?? 0), sizeOfPayload(payload));
  }, 0);

function joinOf(count: number): { workflow: NewWorkflow; members: NewExecution[] } {
  const workflowId = nextId();
  const roots = Array.from({ length: count }, (_, i) => newExecution({ workflow: { workflowId, ref: `u${i}` } }));
  const edges = roots.map((each, i) => edgeTo(each.executionId, 'success', { ref: `u${i}` }));
  const members = [...roots, newExecution({ workflow: { workflowId, ref: 'join' }, edges })];
  const nodes = members.map(({ executionId, taskId, workflow }, i) => ({
    ...{ executionId, taskId, ref: workflow!.ref },
    dependsOn: i < count ? [] : edges.map(({ ref, type }) => ({ ref, type })),
  }));
  return { workflow: { workflowId, name: 'join', nodes }, members };
}

describe('large payloads and results on Redis', () => {
  const redis = redisSuite();
  let m: Measured;
  let worker: Worker;

  beforeEach(async () => {
    m = await redis.measured();
    worker = await m.s.worker();
  });

  const add = async (executions: readonly NewExecution[]): Promise<string[]> => {
    for (let i = 0; i < executions.length; i += 10) await m.store.enqueue(executions.slice(i, i + 10));
    return executions.map((each) => each.executionId);
  };
  /** Runs this number of executions to their ends. */
  const complete = async (count: number, resultOf: (i: number) => string | null): Promise<void> => {
    for (let done = 0; done < count;) {
      const claims = await worker.claim(Math.min(20, count - done));
      await worker.settle(...claims.map((claim, i) => settle.complete(claim, resultOf(done + i))));
      done += claims.length;
    }
  };
  const fetchAll = async (claim: Claim): Promise<Record<string, string | null>> => {
    const found = { ...claim.results };
    for (let from: number | null = claim.resultsLeft ?? null; from !== null;) {
      const page = await m.store.getResults(claim.executionId, from);
      expect(Object.values(page.results).join('').length).toBeLessThan(REPLY);
      Object.assign(found, page.results);
      from = page.next;
    }
    return found;
  };
  /** Starts a workflow of so many nodes, and one that waits for all of them. @returns the id of that */
  const startJoin = async (count: number): Promise<string> => {
    const { workflow, members } = joinOf(count);
    await m.store.startWorkflow(workflow, members);
    return members.at(-1)!.executionId;
  };

  it('are claimed as many at a time as one reply holds, each once, in order', async () => {
    const ids = await add(Array.from({ length: 100 }, (_, i) => newExecution({ payload: textOf(200 * KB, i) })));
    const claimed: string[] = [];
    for (let more = true; more;) {
      const reply = await worker.exchange({ demand: 250 });
      expect(sizeOf(reply.claims)).toBeLessThan(REPLY);
      more = reply.more;
      claimed.push(...reply.claims.map((claim) => claim.executionId));
    }
    expect(claimed).toEqual(ids);
  }, 60_000);

  it('are claimed in the same way from lists with other than simple executions', async () => {
    await m.store.configureQueue('default', { rateLimit: { max: 10_000, per: 1000 }, concurrency: null });
    const tags = ['large'];
    const ids = await add(Array.from({ length: 70 }, (_, i) => newExecution({ payload: textOf(200 * KB, i), tags })));
    const claimed: string[] = [];
    for (let more = true; more;) {
      const reply = await worker.exchange({ demand: 250 });
      expect(sizeOf(reply.claims)).toBeLessThan(REPLY);
      more = reply.more;
      claimed.push(...reply.claims.map((claim) => claim.executionId));
    }
    expect(claimed).toEqual(ids);
  }, 60_000);

  it('of one execution are claimed whatever their size', async () => {
    const [id] = await add([newExecution({ payload: textOf(256 * KB - 2, 0) })]);
    expect(await worker.claimIds(10)).toEqual([id]);
  });

  it.each([
    { count: 1_000, size: 100 * KB },
    { count: 1_500, size: 1 },
  ])(
    'of $count dependencies of $size bytes reach their dependent',
    async ({ count, size }) => {
      const last = await startJoin(count);
      await complete(count, (i) => textOf(size, i));
      await m.s.maintain();
      const claim = await worker.claimOne(last);
      expect(sizeOf([claim])).toBeLessThan(REPLY);
      const found = await fetchAll(claim);
      expect(Object.keys(found)).toEqual(Array.from({ length: count }, (_, i) => `u${i}`));
      expect(Object.values(found).map((text) => text!.length)).toEqual(
        Array.from({ length: count }, (_, i) => textOf(size, i).length),
      );
      // The repeat of a lost reply omits them, and they are fetched separately.
      const [again] = (await worker.replay()).claims;
      expect(again!.resultsLeft).toBe(1);
      expect(Object.keys(await fetchAll(again!))).toHaveLength(count);
      await worker.complete(claim, 'joined');
      expect(await m.s.status(last)).toBe('COMPLETED');
    },
    120_000,
  );

  it('of small workflows are part of the replies, or are fetched separately', async () => {
    const workflows = Array.from({ length: 20 }, () => joinOf(5));
    for (const { workflow, members } of workflows) await m.store.startWorkflow(workflow, members);
    await complete(100, (i) => textOf(200 * KB, i));
    await m.s.maintain();
    const claims: Claim[] = [];
    while (claims.length < 20) {
      const reply = await worker.exchange({ demand: 250 });
      expect(sizeOf(reply.claims)).toBeLessThan(REPLY);
      claims.push(...reply.claims);
      expect(reply.more || claims.length === 20).toBe(true);
    }
    expect(claims.some((claim) => claim.resultsLeft !== undefined)).toBe(true);
    for (const claim of claims) {
      const found = await fetchAll(claim);
      expect(Object.entries(found).map(([ref, text]) => [ref, text!.length])).toEqual(
        [0, 1, 2, 3, 4].map((i) => [`u${i}`, 200 * KB + 2]),
      );
    }
  }, 60_000);
});
