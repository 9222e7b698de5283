import { describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { TaskPriority } from '../../libs/scheduler/src/core/priority.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { BOOM, lockOn, MINUTE, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';
import type { Worker } from './worker.js';

const KEY = 'report:7';

/** One run holds the lock; those added are parked on it by one claim. */
async function park(
  s: StoreFixture,
  worker: Worker,
  ...priorities: TaskPriority[]
): Promise<{ holder: Claim; parked: string[] }> {
  const holder = await worker.claimOne(await s.add({ lock: lockOn(KEY) }));
  const parked: string[] = [];
  for (const priority of priorities) {
    parked.push(await s.add({ lock: lockOn(KEY), priority }));
    expect(await worker.claim(1)).toEqual([]);
  }
  return { holder, parked };
}

/** Every way in which a run can end or be taken away. */
const ENDS: Record<string, (s: StoreFixture, worker: Worker, run: Claim) => Promise<unknown>> = {
  complete: (_, worker, run) => worker.complete(run),
  fail: (_, worker, run) => worker.fail(run),
  retry: (_, worker, run) => worker.retry(run, MINUTE),
  release: (_, worker, run) => worker.release(run),
  'a cancel that the handler obeys': async (s, worker, run) => {
    await s.store.cancel(run.executionId, MINUTE);
    await worker.endCancelled(run);
  },
  'a cancel that the store ends': async (s, _, run) => {
    await s.store.cancel(run.executionId, 1_000);
    await s.advance(1_000);
  },
  'the limit of an attempt': (s, _, run) => s.store.settleExpired(settle.fail(run, BOOM, 'TIMEOUT')),
  deregistration: (s, worker) => s.store.deregister(worker.id),
  rescue: async (s) => {
    s.clock.advance(MINUTE);
    await s.rescue();
  },
};

export function executionLockContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('the lock of an execution', () => {
    it(
      'is acquired by the claim, and shown',
      withFixture(async (s) => {
        const id = await s.add({ lock: lockOn(KEY) });
        const claim = await (await s.worker()).claimOne(id);
        expect(claim.lockKey).toBe(KEY);
        expect(claim.fencingToken).toEqual(expect.any(Number));
        expect(await s.lock(KEY)).toEqual({
          key: KEY,
          owner: id,
          kind: 'execution',
          fencingToken: claim.fencingToken,
          expiresAt: s.now + 5 * MINUTE,
          remaining: 5 * MINUTE,
          waiting: 0,
        });
        expect(s.effectsOf('lock')).toMatchObject([
          { transition: 'granted', key: KEY, owner: id, fencingToken: claim.fencingToken },
        ]);
      }),
    );

    it(
      'parks other executions that need it, and does not block the queue',
      withFixture(async (s) => {
        const worker = await s.worker();
        const holder = await worker.claimOne(await s.add({ lock: lockOn(KEY) }));
        const waiter = await s.add({ lock: lockOn(KEY) });
        const free = await s.add();
        const elsewhere = await s.add({ lock: lockOn('another') });
        expect(await worker.claimIds(9)).toEqual([free, elsewhere]);
        expect(await s.get(waiter)).toMatchObject({
          status: 'PENDING',
          waitingFor: { kind: 'lock', lock: { key: KEY, heldBy: holder.executionId } },
        });
        expect(await s.lock(KEY)).toMatchObject({ owner: holder.executionId, waiting: 1 });
        expect(await s.store.queueSizes('default')).toEqual([0, 0, 0, 0, 0]);
        expect((await s.stats()).waitingForLock).toBe(1);
      }),
    );

    it(
      'passes to the first waiter: by priority, then by order of parking',
      withFixture(async (s) => {
        const worker = await s.worker();
        const { NORMAL, LOW, HIGH } = TaskPriority;
        const { holder, parked } = await park(s, worker, NORMAL, LOW, HIGH, NORMAL, HIGH);
        const expected = [2, 4, 0, 3, 1].map((i) => parked[i]!);
        let run = holder;
        for (const id of expected) {
          await worker.complete(run);
          const claims = await worker.claim(9);
          expect(claims.map((claim) => claim.executionId)).toEqual([id]);
          expect(claims[0]!.fencingToken).toBeGreaterThan(run.fencingToken!);
          run = claims[0]!;
        }
      }),
    );

    it(
      'is reserved for its waiter, at the head of its level, before all later ones',
      withFixture(async (s) => {
        const worker = await s.worker();
        const { holder, parked } = await park(s, worker, TaskPriority.NORMAL);
        const plain = await s.add();
        await worker.complete(holder);
        expect(await s.waitingFor(parked[0]!)).toBe('queue');
        const pusher = await s.add({ lock: lockOn(KEY), priority: TaskPriority.CRITICAL });
        expect(await worker.claimIds(9)).toEqual([parked[0], plain]);
        expect(await s.waitingFor(pusher)).toBe('lock');
        expect(await s.store.acquireLock(KEY, 'a handle', 1_000, 0)).toBeNull();
      }),
    );

    it(
      'passes to the next waiter when its reserved waiter is cancelled',
      withFixture(async (s) => {
        const worker = await s.worker();
        const { holder, parked } = await park(s, worker, TaskPriority.NORMAL, TaskPriority.NORMAL);
        await worker.complete(holder);
        expect(await s.store.cancel(parked[0]!, 0)).toMatchObject({ is: 'CANCELLED' });
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([parked[1]]);
      }),
    );

    it(
      'is free after its last waiter was cancelled',
      withFixture(async (s) => {
        const worker = await s.worker();
        const { holder, parked } = await park(s, worker, TaskPriority.NORMAL);
        await worker.complete(holder);
        await s.store.cancel(parked[0]!, 0);
        await s.maintain();
        const id = await s.add({ lock: lockOn(KEY) });
        expect(await worker.claimIds(9)).toEqual([id]);
      }),
    );

    for (const [name, end] of Object.entries(ENDS)) {
      it(
        `is released by ${name}; its waiter comes first`,
        withFixture(async (s) => {
          const worker = await s.worker();
          const { holder, parked } = await park(s, worker, TaskPriority.NORMAL);
          await end(s, worker, holder);
          const next = await s.worker('w2');
          const claims = await next.claim(9);
          expect(claims.map((claim) => claim.executionId)).toEqual(parked);
          expect(claims[0]!.fencingToken).toBeGreaterThan(holder.fencingToken!);
          expect(await s.lock(KEY)).toMatchObject({ owner: parked[0] });
        }),
      );
    }

    it(
      'never blocks a rescued run with the lock of its crashed run',
      withFixture(async (s) => {
        const worker = await s.worker();
        const first = await worker.claimOne(await s.add({ lock: lockOn(KEY) }));
        await worker.release(first);
        const second = await worker.claimOne(first.executionId);
        expect(second.fencingToken).toBeGreaterThan(first.fencingToken!);
        s.clock.advance(MINUTE);
        await s.rescue();
        const third = await (await s.worker('w2')).claimOne(first.executionId);
        expect(third.fencingToken).toBeGreaterThan(second.fencingToken!);
      }),
    );

    it(
      'ends a wait longer than lockMaxWait as FAILED / LOCK_TIMEOUT',
      withFixture(async (s) => {
        const worker = await s.worker();
        const holder = await worker.claimOne(await s.add({ lock: lockOn(KEY) }));
        const impatient = await s.add({ lock: lockOn(KEY, 5_000) });
        const patient = await s.add({ lock: lockOn(KEY) });
        expect(await worker.claim(9)).toEqual([]);
        await s.advance(4_999);
        expect(await s.status(impatient)).toBe('PENDING');
        await s.advance(1);
        expect(await s.get(impatient)).toMatchObject({ status: 'FAILED', reason: 'LOCK_TIMEOUT', attempts: [] });
        expect((await s.stats()).counters).toMatchObject({ failed: 1, lockTimeouts: 1 });
        await worker.complete(holder);
        expect(await worker.claimIds(9)).toEqual([patient]);
      }),
    );

    it(
      'is renewed by the heartbeats of its worker',
      withFixture(async (s) => {
        const worker = await s.worker();
        const claim = await worker.claimOne(await s.add({ lock: lockOn(KEY, null, 20_000) }));
        for (let i = 0; i < 10; i++) {
          s.clock.advance(5_000);
          await worker.beat(claim);
        }
        await s.maintain();
        expect(await s.lock(KEY)).toMatchObject({ owner: claim.executionId, expiresAt: s.now + 20_000 });
        expect(await s.store.acquireLock(KEY, 'someone', 1_000, 0)).toBeNull();
      }),
    );

    it(
      'is lost when it expires: the next waiter gets it, and the end of the old run does not release it',
      withFixture(async (s) => {
        const worker = await s.worker();
        const old = await worker.claimOne(await s.add({ lock: lockOn(KEY, null, 20_000) }));
        const waiter = await s.add({ lock: lockOn(KEY) });
        expect(await worker.claim(1)).toEqual([]);
        await s.advance(20_000);
        const next = await worker.claimOne(waiter);
        expect(next.fencingToken).toBeGreaterThan(old.fencingToken!);
        expect(s.effectsOf('lock')).toContainEqual(
          expect.objectContaining({ transition: 'lost', key: KEY, owner: old.executionId }),
        );
        expect((await s.stats()).counters.locksLost).toBe(1);
        expect(await worker.complete(old)).toBe('applied');
        expect(await s.lock(KEY)).toMatchObject({ owner: waiter, fencingToken: next.fencingToken });
      }),
    );

    it(
      'passes to the next waiter when it is released by force',
      withFixture(async (s) => {
        const worker = await s.worker();
        const { holder, parked } = await park(s, worker, TaskPriority.NORMAL);
        expect(await s.store.forceReleaseLock(KEY)).toBe(true);
        const next = await worker.claimOne(parked[0]);
        expect(next.fencingToken).toBeGreaterThan(holder.fencingToken!);
        expect(s.effectsOf('lock')).toContainEqual(
          expect.objectContaining({ transition: 'lost', owner: holder.executionId, fencingToken: holder.fencingToken }),
        );
        await worker.complete(holder);
        expect(await s.lock(KEY)).toMatchObject({ owner: parked[0], fencingToken: next.fencingToken });
      }),
    );

    it(
      'is not blocked by anything left of a cancelled parked execution',
      withFixture(async (s) => {
        const worker = await s.worker();
        const { holder, parked } = await park(s, worker, TaskPriority.NORMAL);
        await s.store.cancel(parked[0]!, 0);
        expect((await s.lock(KEY)).waiting).toBe(0);
        await worker.complete(holder);
        expect((await s.stats()).waitingForLock).toBe(0);
        expect(await worker.claim(9)).toEqual([]);
        expect(await s.status(parked[0]!)).toBe('CANCELLED');
      }),
    );
  });
}
