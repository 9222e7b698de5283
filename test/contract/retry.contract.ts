import { describe, expect, it } from '@jest/globals';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { TaskPriority } from '../../libs/scheduler/src/core/priority.js';
import { BOOM, LEASE, newExecution, type OpenStore } from './fixtures.js';
import { fixtures, steps } from './store-fixture.js';

export function retryContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('delays', () => {
    it(
      'are never shortened, and end by promotion',
      withFixture(async (s) => {
        const id = await s.add({ delay: 5_000 });
        const worker = await s.worker();
        await s.advance(4_999);
        expect(await worker.claim(1)).toEqual([]);
        expect(await s.store.queueSizes('default')).toEqual([0, 0, 0, 0, 0]);
        await s.advance(1);
        expect(await s.store.queueSizes('default')).toEqual([0, 0, 1, 0, 0]);
        expect(await worker.claimIds(1)).toEqual([id]);
      }),
    );

    it(
      'of a millisecond count as well',
      withFixture(async (s) => {
        const id = await s.add({ delay: 1 });
        const worker = await s.worker();
        await s.maintain();
        expect(await worker.claim(1)).toEqual([]);
        await s.advance(1);
        expect(await worker.claimIds(1)).toEqual([id]);
      }),
    );

    it(
      'do not block other work that is due',
      withFixture(async (s) => {
        await s.add({ delay: 60_000, priority: TaskPriority.CRITICAL });
        const id = await s.add({ priority: TaskPriority.BACKGROUND });
        expect(await (await s.worker()).claimIds(2)).toEqual([id]);
      }),
    );

    it(
      'of the past are zero',
      withFixture(async (s) => {
        const id = await s.add({ scheduledTime: s.now - 60_000 });
        expect(await (await s.worker()).claimIds(1)).toEqual([id]);
      }),
    );

    it(
      'end by due time, then by order of enqueueing, behind what was ready before',
      withFixture(async (s) => {
        const late = await s.add({ delay: 2_000 });
        const [first, second] = await s.addMany(2, { delay: 1_000 });
        const better = await s.add({ delay: 3_000, priority: TaskPriority.HIGH });
        const ready = await s.add();
        await s.advance(10_000);
        expect(await (await s.worker()).claimIds(9)).toEqual([better, ready, first, second, late]);
      }),
    );

    it(
      'are promoted in bounded steps which return the next instant',
      withFixture(async (s) => {
        await s.store.enqueue(Array.from({ length: PROMOTE_PER_STEP + 50 }, () => newExecution({ delay: 1_000 })));
        await s.add({ delay: 9_000 });
        const start = s.now;
        expect((await s.store.promote(PROMOTE_PER_STEP)).nextDue).toBe(start + 1_000);
        s.clock.advance(1_000);
        expect(await s.store.promote(PROMOTE_PER_STEP)).toMatchObject({ done: PROMOTE_PER_STEP, more: true });
        expect((await s.store.queueSizes('default'))[TaskPriority.NORMAL]).toBe(PROMOTE_PER_STEP);
        expect(await s.store.promote(PROMOTE_PER_STEP)).toMatchObject({
          done: 50,
          more: false,
          nextDue: start + 9_000,
        });
        expect(await steps(() => s.store.promote(PROMOTE_PER_STEP))).toBe(1);
      }),
    );
  });

  describe('retry', () => {
    it(
      'waits for its delay as RETRYING, keeps its priority and counts the failure',
      withFixture(async (s) => {
        const id = await s.add({ priority: TaskPriority.HIGH });
        const worker = await s.worker();
        await worker.retry(await worker.claimOne(), 30_000);
        expect(await s.get(id)).toMatchObject({
          status: 'RETRYING',
          priority: TaskPriority.HIGH,
          retryCount: 1,
          completedTime: null,
          waitingFor: { kind: 'time', until: new Date(s.now + 30_000).toISOString() },
          attempts: [{ attempt: 1, outcome: 'FAILED', error: BOOM }],
        });
        await s.advance(29_999);
        expect(await worker.claim(1)).toEqual([]);
        await s.advance(1);
        expect(await s.status(id)).toBe('RETRYING');
        expect(await worker.claimOne(id)).toMatchObject({ run: 2, failures: 1, priority: TaskPriority.HIGH });
      }),
    );

    it(
      'goes to the tail of its level',
      withFixture(async (s) => {
        const [a, b] = await s.addMany(2);
        const worker = await s.worker();
        await worker.retry(await worker.claimOne(a), 0);
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([b, a]);
      }),
    );

    it(
      'counts failures only, not releases and crashes',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        await worker.retry(await worker.claimOne(id));
        await s.maintain();
        await worker.release(await worker.claimOne(id));
        expect(await worker.claimOne(id)).toMatchObject({ run: 2, failures: 1 });
        s.clock.advance(60_000);
        await s.rescue();
        const other = await s.worker('w2');
        expect(await other.claimOne(id)).toMatchObject({ run: 3, failures: 1 });
        expect((await s.get(id)).retryCount).toBe(1);
      }),
    );
  });

  describe('the limit of an attempt', () => {
    it(
      'is the timeout of the execution, listed at most one lease later, until the run is settled',
      withFixture(async (s) => {
        const id = await s.add({ timeout: 20_000 });
        await s.add();
        const worker = await s.worker();
        const [claim] = await worker.claim(2);
        await s.advance(19_999);
        expect(await s.store.expiredRuns(10)).toEqual([]);
        // The worker is the first to act on a timeout: the store waits a lease for it.
        await s.advance(1 + LEASE);
        const [expired, ...others] = await s.store.expiredRuns(10);
        expect(others).toEqual([]);
        expect(expired).toEqual({
          executionId: id,
          leaseToken: claim!.leaseToken,
          taskId: 'plain',
          run: 1,
          failures: 0,
          budget: null,
          limit: 20_000,
        });
        const timedOut = {
          ...expired!,
          kind: 'fail',
          payloadSize: 0,
          result: undefined,
          error: BOOM,
          reason: 'TIMEOUT',
          delay: 0,
        } as const;
        expect(await s.store.settleExpired(timedOut)).toBe(true);
        expect(await s.store.settleExpired(timedOut)).toBe(false);
        expect(await s.get(id)).toMatchObject({ status: 'FAILED', reason: 'TIMEOUT' });
        expect(await s.store.expiredRuns(10)).toEqual([]);
        expect(await worker.complete(claim!)).toBe('stale');
      }),
    );

    it(
      'restarts with each run',
      withFixture(async (s) => {
        const id = await s.add({ timeout: 20_000 });
        const worker = await s.worker();
        const first = await worker.claimOne();
        await s.advance(15_000);
        await worker.release(first);
        await worker.claimOne(id);
        await s.advance(15_000);
        expect(await s.store.expiredRuns(10)).toEqual([]);
      }),
    );
  });

  describe('maxAttemptDuration', () => {
    const bounded = fixtures(open, { maxAttemptDuration: 10 * 60_000 });

    it(
      'limits runs without a timeout',
      bounded(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        const claim = await worker.claimOne();
        await s.advance(10 * 60_000 - 1);
        expect(await s.store.expiredRuns(10)).toEqual([]);
        // Whole minutes of claims expire together.
        await s.advance(60_000 + 1);
        expect(await s.store.expiredRuns(10)).toMatchObject([
          { executionId: id, leaseToken: claim.leaseToken, limit: 10 * 60_000 },
        ]);
      }),
    );
  });
}
