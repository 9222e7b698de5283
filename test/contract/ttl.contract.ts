import { describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import type { NewExecution } from '../../libs/scheduler/src/core/commands.js';
import { BOOM, edgeTo, LEASE, lockOn, MINUTE, newExecution, newSchedule, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

const TTL = 60_000;

export function ttlContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('an execution with a ttl', () => {
    it(
      'is never started once the ttl is over, even before maintenance has run',
      withFixture(async (s) => {
        const ids = [await s.add({ ttl: TTL }), await s.add({ ttl: TTL + 1 }), await s.add()];
        const worker = await s.worker();
        s.clock.advance(TTL);
        expect(await worker.claimIds(9)).toEqual(ids.slice(1));
        expect(await s.get(ids[0]!)).toMatchObject({
          ...{ status: 'FAILED', reason: 'EXPIRED', attempts: [], startedTime: null, retryCount: 0 },
          completedTime: new Date(s.now).toISOString(),
          error: { name: 'ExecutionExpiredError', code: 'EXPIRED', message: `no run began within ${TTL} ms` },
        });
        expect(s.transitions(ids[0]!)).toEqual(['scheduled', 'failed']);
        expect(await s.store.queueSizes('default')).toEqual([0, 0, 0, 0, 0]);
        expect((await s.stats()).counters).toMatchObject({ failed: 1, started: 2 });
      }),
    );

    it(
      'is ended by maintenance if no worker claims, wherever it waits in its queue',
      withFixture(async (s) => {
        await s.store.acquireLock('k', 'somebody', 10 * TTL, 0);
        const ready = await s.add({ ttl: TTL, queue: 'other' });
        const locked = await s.add({ ttl: TTL, lock: lockOn('k') });
        const unhandled = await s.add({ ttl: TTL, taskId: 'nightly' });
        expect(await (await s.worker('w1', { tasks: ['t', 'plain'] })).claimIds(9)).toEqual([]);
        await s.store.pauseQueue('other');
        await s.advance(TTL - 1);
        expect(await s.statuses(ready, locked, unhandled)).toEqual(['PENDING', 'PENDING', 'PENDING']);
        await s.advance(1);
        expect(await s.statuses(ready, locked, unhandled)).toEqual(['FAILED', 'FAILED', 'FAILED']);
        expect((await s.store.promote(1)).nextDue).not.toBe(s.now);
        expect(await s.store.queueSizes()).toEqual([0, 0, 0, 0, 0]);
        expect(await s.stats()).toMatchObject({ waitingForLock: 0 });
      }),
    );

    it(
      'counts from when it is due and its dependencies are satisfied',
      withFixture(async (s) => {
        const upstream = await s.add();
        const delayed = await s.add({ ttl: TTL, delay: TTL });
        const dependent = await s.add({ ttl: TTL, edges: [edgeTo(upstream)] });
        await s.advance(TTL);
        expect(await s.statuses(delayed, dependent)).toEqual(['PENDING', 'PENDING']);
        await s.advance(TTL - 1);
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(upstream));
        await s.advance(1);
        expect(await s.statuses(delayed, dependent)).toEqual(['FAILED', 'PENDING']);
        await s.advance(TTL - 1);
        expect(await s.statuses(delayed, dependent)).toEqual(['FAILED', 'FAILED']);
      }),
    );

    it(
      'does not expire once a run has begun: not when released, retried or rescued',
      withFixture(async (s) => {
        const runs: Partial<NewExecution>[] = [{ ttl: TTL }, { ttl: TTL }, { ttl: TTL }];
        const ids = [await s.add(runs[0]), await s.add(runs[1]), await s.add(runs[2])];
        const worker = await s.worker();
        const [a, b] = await worker.claim(3);
        await worker.settle(settle.release(a!), settle.retry(b!, BOOM, 0));
        s.clock.advance(LEASE);
        await s.rescue();
        await s.advance(2 * TTL);
        expect(await s.statuses(...ids)).toEqual(['PENDING', 'RETRYING', 'PENDING']);
        expect(await (await s.worker('w2')).claim(9)).toHaveLength(3);
      }),
    );

    it(
      'of a tick counts from the instant at which the tick is due',
      withFixture(async (s) => {
        const { store } = s;
        const time = s.now;
        const { revision } = await store.putSchedule(newSchedule({ nextRunTime: time }));
        const execution = newExecution({
          ...{ executionId: `cron:every-minute:${time}`, taskId: 'nightly', scheduledTime: time + MINUTE, ttl: TTL },
        });
        const about = { overlap: 'allow', cancelGrace: 0, nextRunTime: null } as const;
        const expected = { revision, nextRunTime: time };
        await store.fire([
          { scheduleId: 'every-minute', expected, ticks: [{ time, leaveOut: false, execution }], ...about },
        ]);
        await s.advance(MINUTE);
        await s.advance(TTL - 1);
        expect(await s.status(execution.executionId)).toBe('PENDING');
        await s.advance(1);
        expect(await s.get(execution.executionId)).toMatchObject({ status: 'FAILED', reason: 'EXPIRED' });
      }),
    );

    it(
      'counts as failed for its dependents, and has its whole ttl again when it is reopened',
      withFixture(async (s) => {
        const id = await s.add({ ttl: TTL });
        const [needs, otherwise] = [
          await s.add({ edges: [edgeTo(id)] }),
          await s.add({ edges: [edgeTo(id, 'failure')] }),
        ];
        await s.advance(TTL);
        expect(await s.statuses(id, needs, otherwise)).toEqual(['FAILED', 'SKIPPED', 'PENDING']);
        await s.store.reopen(id);
        await s.advance(TTL - 1);
        expect(await s.get(id)).toMatchObject({ status: 'PENDING', reason: null, error: null });
        await s.advance(1);
        expect(await s.get(id)).toMatchObject({ status: 'FAILED', reason: 'EXPIRED' });
      }),
    );
  });
}
