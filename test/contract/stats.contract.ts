import { describe, expect, it } from '@jest/globals';
import { RECENT_ERRORS_KEPT } from '../../libs/scheduler/src/core/limits.js';
import { TaskStatus } from '../../libs/scheduler/src/core/status.js';
import { BOOM, edgeTo, LEASE, lockOn, MINUTE, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function statsContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('stats', () => {
    it(
      'of an empty store are zero',
      withFixture(async (s) => {
        const stats = await s.stats();
        expect(stats.now).toBe(s.now);
        expect(Object.values(stats.counters).every((count) => count === 0)).toBe(true);
        expect(Object.keys(stats.counters)).toHaveLength(14);
        expect(stats.byStatus).toEqual(Object.fromEntries(Object.values(TaskStatus).map((status) => [status, 0])));
        expect(stats).toMatchObject({
          delayed: 0,
          waitingForDependencies: 0,
          waitingForLock: 0,
          waitingForHandler: 0,
          recentErrors: [],
          workers: 0,
        });
      }),
    );

    it(
      'agree with a recount',
      withFixture(async (s) => {
        const worker = await s.worker();
        const [done, failed, retried, released, crashed, cancelled] = await s.addMany(6);
        const claims = new Map((await worker.claim(6)).map((claim) => [claim.executionId, claim]));
        s.clock.advance(2_000);
        const child = await s.add({ taskId: 'child', edges: [edgeTo(failed!)] });
        const waiting = await s.add({ taskId: 'child', edges: [edgeTo(retried!)] });
        await worker.complete(claims.get(done!)!);
        await worker.complete(claims.get(done!)!);
        await worker.fail(claims.get(failed!)!);
        await worker.retry(claims.get(retried!)!, 10 * MINUTE);
        await worker.release(claims.get(released!)!);
        await s.store.cancel(cancelled!, 0);
        await s.maintain();
        s.clock.advance(LEASE);
        await s.rescue();
        await s.store.acquireLock('held', 'someone', 10 * MINUTE, 0);
        await s.add({ lock: lockOn('held'), priority: 0 });
        const second = await s.worker('w2');
        expect(await second.claimIds(1)).toEqual([crashed]);
        await s.add({ delay: MINUTE });
        await s.add({ queue: 'other', priority: 4 });

        const { items } = await s.store.listExecutions({ limit: 1_000 });
        const recount = Object.fromEntries(Object.values(TaskStatus).map((status) => [status, 0]));
        for (const item of items) recount[item.status]! += 1;
        const stats = await s.stats();
        expect(stats.byStatus).toEqual(recount);
        expect(stats.byStatus).toMatchObject({
          PENDING: 5,
          RUNNING: 1,
          COMPLETED: 1,
          FAILED: 1,
          RETRYING: 1,
          CANCELLED: 1,
          SKIPPED: 1,
        });
        expect(stats.counters).toEqual({
          scheduled: 11,
          started: 7,
          completed: 1,
          failed: 1,
          cancelled: 1,
          skipped: 1,
          retried: 1,
          snoozed: 0,
          crashed: 1,
          released: 1,
          stale: 1,
          lockAcquired: 1,
          lockTimeouts: 0,
          locksLost: 0,
        });
        expect(stats).toMatchObject({ delayed: 2, waitingForDependencies: 1, waitingForLock: 1, workers: 1 });
        expect(await s.statuses(child, waiting)).toEqual(['SKIPPED', 'PENDING']);
        for (const { queue, byPriority } of stats.queues) expect(byPriority).toEqual(await s.store.queueSizes(queue));
        expect(await s.store.queueSizes()).toEqual([0, 0, 1, 0, 1]);
        expect(stats.window.reduce((sum, minute) => sum + minute.completed, 0)).toBe(1);
        expect(stats.window.reduce((sum, minute) => sum + minute.failed, 0)).toBe(1);
      }),
    );

    it(
      'report since when the oldest ready execution of each level waits',
      withFixture(async (s) => {
        const first = s.now;
        await s.addMany(2, { priority: 1 });
        s.clock.advance(1_000);
        await s.add({ priority: 1 });
        await s.add({ delay: 1_000, priority: 3 });
        await s.advance(1_000);
        const [queue] = (await s.stats()).queues;
        expect(queue!.oldestReadyTime).toEqual([null, first, null, first + 2_000, null]);
        await (await s.worker()).claim(2);
        expect((await s.stats()).queues[0]!.oldestReadyTime).toEqual([null, first + 1_000, null, first + 2_000, null]);
      }),
    );

    it(
      'keep only the newest minutes and errors',
      withFixture(async (s) => {
        const worker = await s.worker();
        const failed: string[] = [];
        for (let i = 0; i < 70; i++) {
          const id = await s.add();
          const claim = await worker.claimOne(id);
          s.clock.advance(MINUTE);
          await worker.fail(claim);
          failed.push(id);
        }
        const { window, recentErrors } = await s.stats();
        expect(window.length).toBeLessThanOrEqual(60);
        expect(window.length).toBeGreaterThanOrEqual(59);
        const minutes = window.map((row) => row.minute);
        expect(minutes).toEqual([...minutes].sort((a, b) => a - b));
        expect(window.at(-1)).toMatchObject({ completed: 0, failed: 1, durationMs: MINUTE });
        expect(new Set(recentErrors.map((row) => row.executionId))).toEqual(new Set(failed.slice(-RECENT_ERRORS_KEPT)));
        expect(recentErrors).toContainEqual({
          taskName: 'The plain task',
          taskId: 'plain',
          executionId: failed.at(-1),
          error: BOOM,
          time: new Date(s.now).toISOString(),
        });
      }),
    );

    it(
      'count locks of executions and of handles',
      withFixture(async (s) => {
        const worker = await s.worker();
        await s.add({ lock: lockOn('a') });
        await worker.complete(await worker.claimOne());
        const grant = await s.store.acquireLock('b', 'handle', 1_000, 0);
        await s.store.acquireLock('b', 'waiter', 1_000, 1_000);
        await s.store.releaseLock('b', 'handle', grant!.fencingToken);
        expect((await s.stats()).counters).toMatchObject({ lockAcquired: 3, lockTimeouts: 0, locksLost: 0 });
        await s.advance(1_000);
        expect((await s.stats()).counters).toMatchObject({ lockAcquired: 3, locksLost: 1 });
      }),
    );
  });
}
