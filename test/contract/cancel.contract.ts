import { describe, expect, it } from '@jest/globals';
import {
  edgeTo,
  HOUR,
  idOf,
  LEASE,
  lockOn,
  MINUTE,
  SETTLEMENT_KINDS,
  settlementOf,
  type OpenStore,
} from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';
import type { Worker } from './worker.js';

/** Each way to wait: creates one such execution, and returns its id. */
const WAITING: Record<string, (s: StoreFixture, worker: Worker) => Promise<string>> = {
  'in the queue': (s) => s.add(),
  'in a paused queue': async (s) => {
    await s.store.pauseQueue('default');
    return s.add();
  },
  'for its time': (s) => s.add({ delay: MINUTE }),
  'for a dependency': async (s) => {
    const parent = await s.add({ taskId: 'parent', delay: 10 * MINUTE });
    return s.add({ taskId: 'child', edges: [edgeTo(parent)] });
  },
  'for the next execution of a task': async (s) => {
    await s.depend('child', 'uncle');
    return s.add({ taskId: 'child', edges: [{ ...edgeTo(''), taskId: 'uncle', ref: 'uncle', bind: 'newest' }] });
  },
  'for a lock': async (s, worker) => {
    await s.store.acquireLock('held', 'someone', 10 * MINUTE, 0);
    const id = await s.add({ lock: lockOn('held') });
    await worker.claim(1);
    return id;
  },
  'for a retry': async (s, worker) => {
    const id = await s.add();
    await worker.retry(await worker.claimOne(id), MINUTE);
    return id;
  },
  'in the queue after its retry fell due': async (s, worker) => {
    const id = await s.add();
    await worker.retry(await worker.claimOne(id), 1_000);
    await s.advance(1_000);
    return id;
  },
};

export function cancelContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('cancel', () => {
    for (const [where, wait] of Object.entries(WAITING)) {
      it(
        `ends at once what waits ${where}; it never runs`,
        withFixture(async (s) => {
          const worker = await s.worker();
          const id = await wait(s, worker);
          const started = s.transitions(id).filter((transition) => transition === 'started').length;
          expect(await s.store.cancel(id, MINUTE)).toMatchObject({ is: 'CANCELLED' });
          expect(await s.get(id)).toMatchObject({
            status: 'CANCELLED',
            reason: 'CANCELLED',
            completedTime: new Date(s.now).toISOString(),
            waitingFor: null,
          });
          expect(s.transitions(id).at(-1)).toBe('cancelled');
          expect(await s.store.cancel(id, MINUTE)).toEqual({ was: 'CANCELLED', is: 'CANCELLED' });
          await s.store.resumeQueue('default');
          await s.store.forceReleaseLock('held');
          await s.add({ taskId: 'uncle' });
          await s.advance(11 * MINUTE);
          for (const claim of await worker.claim(9)) await worker.complete(claim);
          expect(await worker.claimIds(9)).not.toContain(id);
          expect(await s.status(id)).toBe('CANCELLED');
          expect(s.transitions(id).filter((transition) => transition === 'started')).toHaveLength(started);
          expect((await s.stats()).counters.cancelled).toBe(1);
        }),
      );
    }

    it(
      'changes nothing for an unknown or ended execution',
      withFixture(async (s) => {
        expect(await s.store.cancel(idOf(0xdead), 0)).toBeNull();
        await s.addMany(2);
        const worker = await s.worker();
        const [a, b] = await worker.claim(2);
        await worker.complete(a!);
        await worker.fail(b!);
        expect(await s.store.cancel(a!.executionId, 0)).toEqual({ was: 'COMPLETED', is: 'COMPLETED' });
        expect(await s.store.cancel(b!.executionId, 0)).toEqual({ was: 'FAILED', is: 'FAILED' });
      }),
    );

    it(
      'marks a run, notifies its worker, and ends the run after the grace period',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        const claim = await worker.claimOne();
        s.clock.advance(1_000);
        expect(await s.store.cancel(id, 10_000)).toEqual({ was: 'RUNNING', is: 'RUNNING' });
        const requested = new Date(s.now).toISOString();
        expect(await s.get(id)).toMatchObject({
          status: 'RUNNING',
          cancelRequestedTime: requested,
          completedTime: null,
        });
        expect(s.executionEffects(id).at(-1)).toMatchObject({
          transition: 'cancelRequested',
          status: 'RUNNING',
          workerId: 'w1',
        });
        const token = { executionId: id, leaseToken: claim.leaseToken };
        expect(await worker.beat(claim)).toEqual({ known: true, cancelRequested: [token], lost: [] });
        await s.advance(9_999);
        expect(await s.status(id)).toBe('RUNNING');
        await s.advance(1);
        expect(await s.get(id)).toMatchObject({
          status: 'CANCELLED',
          reason: 'CANCELLED',
          cancelRequestedTime: requested,
          completedTime: new Date(s.now).toISOString(),
          attempts: [{ attempt: 1, outcome: 'CANCELLED' }],
        });
        expect(await worker.beat(claim)).toMatchObject({ lost: [token] });
        expect(await worker.complete(claim)).toBe('stale');
        expect(await s.status(id)).toBe('CANCELLED');
        expect((await s.stats()).counters).toMatchObject({ cancelled: 1, completed: 0, stale: 1 });
      }),
    );

    it(
      'counts once when it is repeated, and keeps its first deadline',
      withFixture(async (s) => {
        const id = await s.add();
        await (await s.worker()).claimOne();
        expect(await s.store.cancel(id, 5_000)).toEqual({ was: 'RUNNING', is: 'RUNNING' });
        const { cancelRequestedTime } = await s.get(id);
        s.clock.advance(4_000);
        expect(await s.store.cancel(id, 5_000)).toEqual({ was: 'RUNNING', is: 'RUNNING' });
        expect((await s.get(id)).cancelRequestedTime).toBe(cancelRequestedTime);
        await s.advance(1_000);
        expect(s.transitions(id)).toEqual(['scheduled', 'started', 'cancelRequested', 'cancelled']);
      }),
    );

    for (const kind of SETTLEMENT_KINDS) {
      const end = kind === 'complete' ? 'COMPLETED' : 'CANCELLED';
      it(
        `ends as ${end} if its run ends by ${kind} within the grace period`,
        withFixture(async (s) => {
          const id = await s.add();
          const child = await s.add({ taskId: 'child', edges: [edgeTo(id)] });
          const worker = await s.worker();
          const claim = await worker.claimOne(id);
          await s.store.cancel(id, 10_000);
          s.clock.advance(9_999);
          expect(await worker.settle(settlementOf(kind, claim))).toEqual(['applied']);
          const ended = await s.get(id);
          expect(ended).toMatchObject({ status: end, completedTime: new Date(s.now).toISOString() });
          expect(ended.cancelRequestedTime).not.toBeNull();
          await s.advance(MINUTE);
          expect(await s.get(id)).toEqual(ended);
          expect(await s.status(child)).toBe(kind === 'complete' ? 'PENDING' : 'SKIPPED');
        }),
      );
    }

    it(
      'ends a run that its worker releases as it deregisters',
      withFixture(async (s) => {
        const id = await s.add();
        await (await s.worker()).claimOne();
        await s.store.cancel(id, MINUTE);
        await s.store.deregister('w1');
        expect(await s.status(id)).toBe('CANCELLED');
      }),
    );

    it(
      'ends a run whose worker crashed, at the latest after the grace period',
      withFixture(async (s) => {
        const id = await s.add();
        await (await s.worker()).claimOne();
        await s.store.cancel(id, 2 * LEASE);
        s.clock.advance(2 * LEASE);
        await s.rescue();
        expect(await s.status(id)).toBe('CANCELLED');
        expect(await (await s.worker('w2')).claim(9)).toEqual([]);
      }),
    );

    it(
      'records the attempt of a crashed worker as cancelled, not as crashed',
      withFixture(async (s) => {
        const [asked, other] = await s.addMany(2);
        await (await s.worker()).claim(2);
        await s.store.cancel(asked!, HOUR);
        s.clock.advance(LEASE);
        await s.rescue();
        const outcomes = async (id: string) => (await s.get(id)).attempts.map(({ outcome }) => outcome);
        expect(await outcomes(asked!)).toEqual(['CANCELLED']);
        expect(await outcomes(other!)).toEqual(['WORKER_LOST']);
        expect((await s.stats()).counters).toMatchObject({ crashed: 1, cancelled: 1 });
      }),
    );
  });
}
