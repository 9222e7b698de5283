import { describe, expect, it } from '@jest/globals';
import { openMemory } from '../model/open-memory.js';
import type { NewExecution } from '../../libs/scheduler/src/core/commands.js';
import { UNDECLARED_MS } from '../../libs/scheduler/src/core/limits.js';
import { EmbeddedTaskStore } from '../../libs/scheduler/src/store/embedded/embedded.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { openEmbedded, temporaryFolder } from '../support/open-embedded.js';
import {
  DAY,
  helloOf,
  HOUR,
  LEASE,
  lockOn,
  MINUTE,
  newExecution,
  newSchedule,
  edgeTo,
  type OpenStore,
} from './fixtures.js';
import { fixtures } from './store-fixture.js';
import { Worker } from './worker.js';

const stores: [string, OpenStore][] = [
  ['memory', openMemory],
  ['embedded', openEmbedded()],
];

describe.each(stores)('a step of the wall clock, %s', (_, open) => {
  const withFixture = fixtures(open, { maxAttemptDuration: HOUR });

  describe('forward', () => {
    it(
      'expires no lease and no lock',
      withFixture(async (s) => {
        const { store, clock } = s;
        const worker = await s.worker();
        await store.enqueue([newExecution({ lock: lockOn('k') }), newExecution({ lock: lockOn('k') })]);
        const run = await worker.claimOne();
        clock.step(2 * HOUR);
        await s.rescue();
        expect(await worker.claim(1)).toEqual([]);
        expect(await worker.beat(run)).toEqual({ known: true, cancelRequested: [], lost: [] });
        expect((await s.lock('k')).remaining).toBe(5 * MINUTE);
        expect(await worker.complete(run)).toBe('applied');
        clock.advance(LEASE);
        await s.rescue();
        expect(await store.listWorkers()).toEqual([]);
      }),
    );

    it(
      'ends no run at its timeout or at maxAttemptDuration, which still apply',
      withFixture(async (s) => {
        const { store, clock } = s;
        const worker = await s.worker();
        await store.enqueue([newExecution({ timeout: 5 * MINUTE }), newExecution()]);
        const [limited, free] = await worker.claimIds(2);
        clock.step(10 * MINUTE);
        clock.step(2 * HOUR);
        expect(await store.expiredRuns(10)).toEqual([]);
        await s.advance(5 * MINUTE + LEASE);
        expect((await store.expiredRuns(10)).map((each) => each.executionId)).toEqual([limited]);
        clock.advance(55 * MINUTE);
        const expired = await store.expiredRuns(10);
        expect(expired.map((each) => each.executionId)).toContain(free);
      }),
    );

    it(
      'keeps locks of handles, their wait times and grace periods of cancels',
      withFixture(async (s) => {
        const { store, clock } = s;
        const worker = await s.worker();
        await store.acquireLock('k', 'h1', 30_000, 0);
        await store.acquireLock('k', 'h2', 30_000, MINUTE);
        const waits = newExecution({ lock: lockOn('k', MINUTE) });
        const cancelled = newExecution();
        await store.enqueue([cancelled, waits]);
        await worker.claimOne(cancelled.executionId);
        await worker.claim(1);
        await store.cancel(cancelled.executionId, 5000);
        clock.step(HOUR);
        await s.maintain();
        expect((await s.lock('k')).owner).toBe('h1');
        expect(await s.statuses(waits.executionId, cancelled.executionId)).toEqual(['PENDING', 'RUNNING']);
        await s.advance(28_000);
        // A wait lasts as long as its owner renews it.
        expect(await store.acquireLock('k', 'h2', 30_000, MINUTE)).toBeNull();
        await s.advance(2_000);
        expect((await s.lock('k')).owner).toBe('h2');
        expect(await s.status(cancelled.executionId)).toBe('CANCELLED');
        await s.advance(30_000);
        expect(await s.status(waits.executionId)).toBe('FAILED');
      }),
    );

    it(
      'times out no edge, and keeps rate limits',
      withFixture(async (s) => {
        const { store, clock } = s;
        const worker = await s.worker();
        await store.configureQueue('default', { concurrency: null, rateLimit: { max: 2, per: MINUTE } });
        const parent = newExecution({ taskId: 'parent' });
        await store.enqueue([parent, newExecution(), newExecution(), newExecution()]);
        const child = newExecution({
          taskId: 'child',
          edges: [edgeTo(parent.executionId, 'success', { timeout: MINUTE })],
        });
        await store.enqueue([child]);
        expect(await worker.claim(4)).toHaveLength(2);
        clock.step(HOUR);
        await s.maintain();
        expect(await worker.claim(4)).toHaveLength(0);
        expect(await s.waitingFor(child.executionId)).toBe('dependencies');
        await s.advance(MINUTE);
        expect(await worker.claim(4)).toHaveLength(2);
        expect(await s.waitingFor(child.executionId)).toBeNull();
      }),
    );

    it(
      'removes no schedule and clears no limits that another release has just declared',
      withFixture(async (s) => {
        const { store, clock } = s;
        const limits = { concurrency: 1, rateLimit: null };
        await store.putSchedule(newSchedule({ id: 'of another', declaredBy: 'app', nextRunTime: s.now + 9 * HOUR }));
        await store.configureQueue('of another', limits, 'app');
        clock.step(2 * HOUR);
        expect(await store.declareSchedules('app', [], false)).toEqual([]);
        expect(await store.declareQueues('app', [], false)).toEqual([]);
        clock.advance(UNDECLARED_MS);
        expect(await store.declareSchedules('app', [], false)).toEqual(['of another']);
        expect(await store.declareQueues('app', [], false)).toEqual(['of another']);
      }),
    );

    it(
      'counts only elapsed time',
      withFixture(async (s) => {
        const { store, clock } = s;
        const worker = await s.worker();
        await store.enqueue([newExecution()]);
        const run = await worker.claimOne();
        clock.advance(4000);
        clock.step(HOUR);
        await worker.complete(run);
        expect((await s.stats()).window.at(-1)).toMatchObject({ completed: 1, durationMs: 4000 });
      }),
    );
  });

  it.each([2 * HOUR, -2 * HOUR])('by %d ms does not change the remaining ttl', async (by) =>
    withFixture(async (s) => {
      const id = await s.add({ ttl: MINUTE });
      s.clock.advance(MINUTE / 2);
      s.clock.step(by);
      await s.advance(MINUTE / 2 - 1);
      expect(await s.status(id)).toBe('PENDING');
      await s.advance(1);
      expect(await s.get(id)).toMatchObject({ status: 'FAILED', reason: 'EXPIRED' });
    })(),
  );

  it.each([30 * HOUR, -30 * HOUR])('by %d ms keeps idempotency keys for 24 hours', async (by) =>
    withFixture(async (s) => {
      const { store, clock } = s;
      const keyed = (): Promise<string> => s.add({ idempotency: { key: 'order-7', fingerprint: 'f' } });
      const first = await keyed();
      clock.step(by);
      await store.prune(100);
      expect(await keyed()).toBe(first);
      clock.advance(DAY - 1);
      expect(await keyed()).toBe(first);
      clock.advance(1);
      await store.prune(100);
      expect(await keyed()).not.toBe(first);
    })(),
  );

  it(
    'forward and back again leaves delays, retries and dates unchanged',
    withFixture(async (s) => {
      const { store, clock } = s;
      const worker = await s.worker();
      const [retried, delayed, dated] = [
        newExecution(),
        newExecution({ delay: MINUTE }),
        newExecution({ scheduledTime: s.now + HOUR }),
      ];
      await store.enqueue([retried, delayed, dated]);
      await worker.retry(await worker.claimOne(), MINUTE);
      for (const by of [40_000, -40_000, 10 * MINUTE, -10 * MINUTE]) {
        clock.step(by);
        await s.maintain();
      }
      await s.advance(MINUTE - 1);
      expect(await worker.claimIds(9)).toEqual([]);
      await s.advance(1);
      expect((await worker.claimIds(9)).sort()).toEqual([retried.executionId, delayed.executionId].sort());
      await s.advance(59 * MINUTE - 1);
      expect(await worker.claimIds(9)).toEqual([]);
      await s.advance(1);
      expect(await worker.claimIds(9)).toEqual([dated.executionId]);
    }),
  );

  describe('back', () => {
    it(
      'postpones no delay, no retry and nothing that is due',
      withFixture(async (s) => {
        const { store, clock } = s;
        const worker = await s.worker();
        const [retried, delayed, due, dated] = [
          newExecution(),
          newExecution({ delay: MINUTE }),
          newExecution({ scheduledTime: s.now + 30_000 }),
          newExecution({ scheduledTime: s.now + 2 * MINUTE }),
        ];
        await store.enqueue([retried, delayed, due, dated]);
        await worker.retry(await worker.claimOne(), MINUTE);
        clock.advance(40_000);
        clock.step(-20_000);
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([due.executionId]);
        await s.advance(20_000);
        expect((await worker.claimIds(9)).sort()).toEqual([retried.executionId, delayed.executionId].sort());
        await s.advance(79_000);
        expect(await worker.claimIds(9)).toEqual([]);
        await s.advance(1000);
        expect(await worker.claimIds(9)).toEqual([dated.executionId]);
      }),
    );

    it(
      'expires leases, locks and timeouts after their elapsed time',
      withFixture(async (s) => {
        const { store, clock } = s;
        const worker = await s.worker();
        await store.enqueue([newExecution({ timeout: MINUTE })]);
        const run = await worker.claimOne();
        await store.acquireLock('k', 'h1', 30_000, 0);
        clock.step(-2 * HOUR);
        await s.advance(LEASE);
        expect(await store.listWorkers()).toHaveLength(1);
        await s.rescue();
        expect(await store.listWorkers()).toEqual([]);
        expect(await s.status(run.executionId)).toBe('PENDING');
        expect((await s.lock('k')).remaining).toBe(15_000);
        await s.advance(15_000);
        expect(await store.getLock('k')).toBeNull();
      }),
    );

    it(
      'removes what no release declares any more, after the elapsed time',
      withFixture(async (s) => {
        const { store, clock } = s;
        await store.putSchedule(newSchedule({ id: 'dropped', declaredBy: 'app', nextRunTime: s.now + 9 * HOUR }));
        clock.step(-2 * HOUR);
        clock.advance(UNDECLARED_MS - 1);
        expect(await store.declareSchedules('app', [], false)).toEqual([]);
        clock.advance(1);
        expect(await store.declareSchedules('app', [], false)).toEqual(['dropped']);
      }),
    );

    it(
      'recomputes the next tick of each schedule',
      withFixture(async (s) => {
        const { store, clock } = s;
        await store.putSchedule(newSchedule({ nextRunTime: s.now + HOUR }));
        clock.step(-3 * HOUR);
        const { now, schedules } = await store.dueSchedules(10);
        expect(schedules).toMatchObject([{ nextRunTime: now }]);
      }),
    );

    it(
      'fires an instant that occurs again',
      withFixture(async (s) => {
        const { store, clock } = s;
        const tickAt = async (time: number): Promise<void> => {
          const { id, revision, nextRunTime } = (await store.listSchedules())[0]!;
          const execution = newExecution({ executionId: `cron:${id}:${time}`, taskId: 'nightly', scheduledTime: time });
          const expected = { revision, nextRunTime: nextRunTime! };
          const ticks = [{ time, leaveOut: false, execution }];
          await store.fire([
            {
              scheduleId: id,
              expected,
              ticks,
              overlap: 'allow',
              cancelGrace: 0,
              nextRunTime: time + HOUR,
            },
          ]);
        };
        const noon = s.now + HOUR;
        await store.putSchedule(newSchedule({ nextRunTime: noon }));
        clock.advance(HOUR);
        await tickAt(noon);
        clock.step(-2 * HOUR);
        await store.dueSchedules(1);
        clock.advance(2 * HOUR);
        await tickAt(noon);
        await tickAt(noon);
        expect((await store.listExecutions({ taskId: 'nightly' })).items).toHaveLength(2);
      }),
    );

    it(
      'expires rate limits, and drops minute statistics of the future',
      withFixture(async (s) => {
        const { store, clock } = s;
        const worker = await s.worker();
        await store.configureQueue('default', { concurrency: null, rateLimit: { max: 1, per: MINUTE } });
        await store.enqueue([newExecution(), newExecution()]);
        await worker.complete(await worker.claimOne());
        clock.step(-HOUR);
        expect((await s.stats()).window).toEqual([]);
        await s.advance(MINUTE);
        expect(await worker.claim(1)).toHaveLength(1);
      }),
    );
  });
});

describe('a ttl, embedded', () => {
  it('continues after a restart, and ends with the first run', async () => {
    const folder = temporaryFolder();
    try {
      const path = folder.path('scheduler.db');
      const clock = new ManualClock('2026-05-01T12:00:00Z');
      const first = new EmbeddedTaskStore({ clock, path });
      await first.open();
      await first.register(helloOf('w1'));
      const [begun, waiting] = [newExecution({ ttl: MINUTE }), newExecution({ ttl: MINUTE })];
      await first.enqueue([begun, waiting]);
      await new Worker(first, 'w1').claimOne(begun.executionId);
      clock.advance(MINUTE / 2);
      await first.close();
      const second = new EmbeddedTaskStore({ clock, path });
      await second.open();
      clock.advance(MINUTE / 2 - 1);
      await second.promote(10);
      expect((await second.getExecution(waiting.executionId))!.status).toBe('PENDING');
      clock.advance(1);
      await second.promote(10);
      expect(await second.getExecution(waiting.executionId)).toMatchObject({ status: 'FAILED', reason: 'EXPIRED' });
      expect((await second.getExecution(begun.executionId))!.status).toBe('PENDING');
      await second.close();
    } finally {
      folder.remove();
    }
  });
});

describe('a clock that goes back between two processes, embedded', () => {
  it.each([
    ['while one is there', true],
    ['between them', false],
  ] as const)('or %s, keeps idempotency keys for 24 hours', async (_, isAttended) => {
    const folder = temporaryFolder();
    try {
      const path = folder.path('scheduler.db');
      const keyed = (): NewExecution => newExecution({ idempotency: { key: 'order-7', fingerprint: 'f' } });
      const before = new ManualClock('2026-05-01T12:00:00Z');
      const first = new EmbeddedTaskStore({ clock: before, path });
      await first.open();
      const [id] = await first.enqueue([keyed()]);
      if (isAttended) {
        before.step(-3 * HOUR);
        await first.promote(10);
      }
      await first.close();
      const clock = new ManualClock('2026-05-01T09:00:00Z');
      const second = new EmbeddedTaskStore({ clock, path });
      await second.open();
      clock.advance(DAY - 1);
      expect(await second.enqueue([keyed()])).toEqual([id]);
      clock.advance(1);
      expect(await second.enqueue([keyed()])).not.toEqual([id]);
      await second.close();
    } finally {
      folder.remove();
    }
  });

  it('prolongs no delay and no lock', async () => {
    const folder = temporaryFolder();
    try {
      const path = folder.path('scheduler.db');
      const before = new ManualClock('2026-05-01T12:00:00Z');
      const first = new EmbeddedTaskStore({ clock: before, path });
      await first.open();
      await first.enqueue([newExecution({ delay: MINUTE })]);
      await first.acquireLock('k', 'h1', MINUTE, 0);
      await first.close();
      const clock = new ManualClock('2026-05-01T09:00:00Z');
      const second = new EmbeddedTaskStore({ clock, path });
      await second.open();
      clock.advance(MINUTE);
      expect((await second.promote(10)).done).toBe(2);
      expect(await second.getLock('k')).toBeNull();
      await second.close();
    } finally {
      folder.remove();
    }
  });
});
