import { describe, expect, it } from '@jest/globals';
import { TaskPriority } from '../../libs/scheduler/src/core/priority.js';
import { lockOn, MINUTE, newExecution, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';

const KEY = 'stock:7';
/** How long a free lock is reserved for an execution that can start. */
const RESERVATION = 1_000;

/** A lock that one execution waits for in the queue `slow`, while a handle holds it. */
async function parkOne(s: StoreFixture): Promise<{ waiter: string; free: () => Promise<boolean> }> {
  const grant = await s.store.acquireLock(KEY, 'holder', MINUTE, 0);
  const waiter = await s.add({ queue: 'slow', taskId: 'parent', lock: lockOn(KEY) });
  const worker = await s.worker('first', { queues: ['slow'], tasks: ['parent'] });
  expect(await worker.claim(1)).toEqual([]);
  expect(await s.waitingFor(waiter)).toBe('lock');
  return { waiter, free: () => s.store.releaseLock(KEY, 'holder', grant!.fencingToken) };
}

/** What keeps the waiter from starting, and what ends that. */
const OBSTACLES: Record<
  string,
  { set: (s: StoreFixture) => Promise<unknown>; lift: (s: StoreFixture) => Promise<unknown>; says: string }
> = {
  'its queue is paused': {
    set: (s) => s.store.pauseQueue('slow'),
    lift: (s) => s.store.resumeQueue('slow'),
    says: 'paused',
  },
  'its queue is at its rate limit': {
    set: async (s) => {
      await s.store.configureQueue('slow', { rateLimit: { max: 1, per: 10 * MINUTE }, concurrency: null });
      const other = await s.add({ queue: 'slow', priority: TaskPriority.CRITICAL });
      const worker = await s.worker('rate', { queues: ['slow'] });
      await worker.complete(await worker.claimOne(other));
    },
    lift: (s) => s.store.configureQueue('slow', { rateLimit: null, concurrency: null }),
    says: 'limit',
  },
  'its queue is at its concurrency': {
    set: async (s) => {
      await s.store.configureQueue('slow', { rateLimit: null, concurrency: 1 });
      const other = await s.add({ queue: 'slow', priority: TaskPriority.CRITICAL });
      await (await s.worker('busy', { queues: ['slow'] })).claimOne(other);
    },
    lift: (s) => s.store.configureQueue('slow', { rateLimit: null, concurrency: 2 }),
    says: 'limit',
  },
  'its only worker has left': {
    set: (s) => s.store.deregister('first'),
    lift: (s) => s.worker('first', { queues: ['slow'], tasks: ['parent'] }),
    says: 'queue',
  },
  'its only worker drains': {
    set: (s) => s.store.drain('first'),
    lift: (s) => s.worker('second', { queues: ['slow'], tasks: ['parent'] }),
    says: 'queue',
  },
  'its only worker is silent for longer than its lease': {
    set: async (s) => {
      s.clock.advance(16_000);
      await s.rescue();
    },
    lift: (s) => s.worker('first', { queues: ['slow'], tasks: ['parent'] }),
    says: 'queue',
  },
  'no worker has its handler any more': {
    set: (s) => s.worker('first', { queues: ['slow'], tasks: ['plain'] }),
    lift: (s) => s.worker('second', { queues: ['slow'], tasks: ['parent'] }),
    says: 'queue',
  },
  'no worker serves its queue any more': {
    set: (s) => s.worker('first', { queues: ['default'], tasks: ['parent'] }),
    lift: (s) => s.worker('second', { queues: ['slow'], tasks: ['parent'] }),
    says: 'queue',
  },
  'all slots of its worker are taken': {
    set: async (s) => {
      const worker = await s.worker('first', { queues: ['slow'], tasks: ['parent'], maxConcurrentTasks: 1 });
      await s.add({ queue: 'slow', taskId: 'parent', priority: TaskPriority.CRITICAL });
      // On another pipeline, since this is not the worker's first exchange.
      expect(await worker.claim(1, { pipeline: 1 })).toHaveLength(1);
    },
    lift: (s) => s.worker('second', { queues: ['slow'], tasks: ['parent'] }),
    says: 'queue',
  },
};

export function freeLockContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('a free lock that an execution waits for', () => {
    for (const [name, { set, lift, says }] of Object.entries(OBSTACLES)) {
      it(
        `can be acquired by any other while ${name}`,
        withFixture(async (s) => {
          const { waiter, free } = await parkOne(s);
          await set(s);
          expect(await free()).toBe(true);
          expect(await s.waitingFor(waiter)).toBe(says);
          const grant = await s.store.acquireLock(KEY, 'someone', MINUTE, 0);
          expect(grant).toMatchObject({ key: KEY, owner: 'someone' });
          await s.store.releaseLock(KEY, 'someone', grant!.fencingToken);
          const other = await s.add({ lock: lockOn(KEY) });
          const elsewhere = await s.worker('elsewhere');
          await elsewhere.complete(await elsewhere.claimOne(other));
        }),
      );

      it(
        `is granted to a waiting handle while ${name}, and to the execution later`,
        withFixture(async (s) => {
          const { waiter, free } = await parkOne(s);
          expect(await s.store.acquireLock(KEY, 'someone', MINUTE, MINUTE)).toBeNull();
          await set(s);
          // A handle waits only as long as its owner renews the wait.
          await s.store.acquireLock(KEY, 'someone', MINUTE, MINUTE);
          await free();
          const { owner, fencingToken } = await s.lock(KEY);
          expect(owner).toBe('someone');
          await lift(s);
          const worker = await s.worker('last', { queues: ['slow'], tasks: ['parent'] });
          expect(await worker.claimIds(9)).not.toContain(waiter);
          expect((await s.get(waiter)).waitingFor).toMatchObject({ kind: 'lock', lock: { heldBy: 'someone' } });
          await s.store.releaseLock(KEY, 'someone', fencingToken);
          expect(await s.store.acquireLock(KEY, 'another', MINUTE, 0)).toBeNull();
          expect(await worker.claimIds(9)).toEqual([waiter]);
          expect(await s.lock(KEY)).toMatchObject({ owner: waiter, waiting: 0 });
        }),
      );

      it(
        `is not reserved any longer when ${name}`,
        withFixture(async (s) => {
          const { free } = await parkOne(s);
          await free();
          expect(await s.store.acquireLock(KEY, 'early', MINUTE, 0)).toBeNull();
          await set(s);
          expect(await s.store.acquireLock(KEY, 'someone', MINUTE, 0)).toMatchObject({ owner: 'someone' });
        }),
      );
    }

    it(
      'is reserved for one second for an execution that can start, and is free afterwards',
      withFixture(async (s) => {
        const { waiter, free } = await parkOne(s);
        await free();
        expect(await s.lock(KEY)).toMatchObject({ owner: null, kind: null, expiresAt: null, waiting: 1 });
        await s.advance(RESERVATION - 1);
        expect(await s.store.acquireLock(KEY, 'early', MINUTE, 0)).toBeNull();
        expect(await s.store.acquireLock(KEY, 'patient', MINUTE, MINUTE)).toBeNull();
        await s.advance(1);
        const { owner, fencingToken } = await s.lock(KEY);
        expect(owner).toBe('patient');
        const worker = await s.worker('first', { queues: ['slow'], tasks: ['parent'] });
        expect(await worker.claim(1)).toEqual([]);
        await s.store.releaseLock(KEY, 'patient', fencingToken);
        expect(await worker.claimIds(1)).toEqual([waiter]);
      }),
    );

    it(
      'is reserved for the first of those that can start',
      withFixture(async (s) => {
        const grant = await s.store.acquireLock(KEY, 'holder', MINUTE, 0);
        const worker = await s.worker('w1', { queues: ['paused', 'open'] });
        const parked: string[] = [];
        for (const [queue, priority] of [
          ['paused', TaskPriority.CRITICAL],
          ['open', TaskPriority.NORMAL],
          ['open', TaskPriority.HIGH],
          ['paused', TaskPriority.CRITICAL],
        ] as const) {
          parked.push(await s.add({ queue, priority, lock: lockOn(KEY) }));
          expect(await worker.claim(1)).toEqual([]);
        }
        await s.store.pauseQueue('paused');
        await s.store.releaseLock(KEY, 'holder', grant!.fencingToken);
        expect(await s.lock(KEY)).toMatchObject({ owner: null, waiting: 4 });
        const high = await worker.claimOne(parked[2]);
        await s.store.resumeQueue('paused');
        // The ready execution parks again, at its position.
        expect(await worker.claim(9)).toEqual([]);
        await worker.complete(high);
        const first = await worker.claimOne(parked[0]);
        await worker.complete(first);
        const second = await worker.claimOne(parked[3]);
        await worker.complete(second);
        await worker.complete(await worker.claimOne(parked[1]));
        expect(await s.store.getLock(KEY)).toBeNull();
        expect((await s.stats()).waitingForLock).toBe(0);
      }),
    );

    it(
      'passes to the next of the same queue when the first is cancelled while it is ready',
      withFixture(async (s) => {
        const grant = await s.store.acquireLock(KEY, 'holder', MINUTE, 0);
        const worker = await s.worker();
        const [first, second] = [await s.add({ lock: lockOn(KEY) }), await s.add({ lock: lockOn(KEY) })];
        expect(await worker.claim(9)).toEqual([]);
        await s.store.pauseQueue('default');
        await s.store.releaseLock(KEY, 'holder', grant!.fencingToken);
        await s.store.cancel(first, 0);
        expect(await s.lock(KEY)).toMatchObject({ owner: null, waiting: 1 });
        await s.store.resumeQueue('default');
        await worker.complete(await worker.claimOne(second));
        expect(await s.store.getLock(KEY)).toBeNull();
      }),
    );

    it(
      'does not count in the lock wait of a ready execution',
      withFixture(async (s) => {
        const grant = await s.store.acquireLock(KEY, 'holder', MINUTE, 0);
        const worker = await s.worker();
        const id = await s.add({ lock: lockOn(KEY, 5_000) });
        expect(await worker.claim(1)).toEqual([]);
        await s.advance(3_000);
        await s.store.pauseQueue('default');
        await s.store.releaseLock(KEY, 'holder', grant!.fencingToken);
        await s.advance(10_000);
        expect(await s.waitingFor(id)).toBe('paused');
        await s.store.acquireLock(KEY, 'holder', MINUTE, 0);
        await s.store.resumeQueue('default');
        expect(await worker.claim(1)).toEqual([]);
        await s.advance(1_999);
        expect(await s.waitingFor(id)).toBe('lock');
        await s.advance(1);
        expect(await s.get(id)).toMatchObject({ status: 'FAILED', reason: 'LOCK_TIMEOUT' });
      }),
    );

    it(
      'passes to the next waiter when its reservation is released by force',
      withFixture(async (s) => {
        const { waiter, free } = await parkOne(s);
        await free();
        expect(await s.store.forceReleaseLock(KEY)).toBe(true);
        expect(await s.store.forceReleaseLock(KEY)).toBe(false);
        expect(await s.store.acquireLock(KEY, 'someone', MINUTE, 0)).toMatchObject({ owner: 'someone' });
        expect(await s.status(waiter)).toBe('PENDING');
      }),
    );

    it(
      'is not reserved if the worker leaves with the lock',
      withFixture(async (s) => {
        const worker = await s.worker();
        const held = await worker.claimOne(await s.add({ lock: lockOn(KEY) }));
        const waiter = await s.add({ lock: lockOn(KEY) });
        expect(await worker.claim(1)).toEqual([]);
        await s.store.deregister(worker.id);
        const grant = await s.store.acquireLock(KEY, 'someone', MINUTE, 0);
        expect(grant).not.toBeNull();
        await s.store.releaseLock(KEY, 'someone', grant!.fencingToken);
        const next = await s.worker('w2');
        expect((await next.claimOne(waiter)).executionId).not.toBe(held.executionId);
      }),
    );

    it(
      'skips 100 paused queues, a bounded number per step, in their order',
      withFixture(async (s) => {
        const grant = await s.store.acquireLock(KEY, 'holder', MINUTE, 0);
        const queues = Array.from({ length: 100 }, (_, i) => `q${i}`);
        const worker = await s.worker('w1', { queues: [...queues, 'open'] });
        const paused = await s.store.enqueue(queues.map((queue) => newExecution({ queue, lock: lockOn(KEY) })));
        while ((await s.stats()).waitingForLock < queues.length) expect(await worker.claim(50)).toEqual([]);
        for (const queue of queues) await s.store.pauseQueue(queue);
        const open_ = await s.add({ queue: 'open', lock: lockOn(KEY) });
        expect(await worker.claim(1)).toEqual([]);
        await s.store.releaseLock(KEY, 'holder', grant!.fencingToken);
        await s.maintain();
        await worker.complete(await worker.claimOne(open_));
        for (const queue of queues) await s.store.resumeQueue(queue);
        for (let n = 0; n < queues.length; n++) {
          const claims = await worker.claim(50);
          expect(claims).toHaveLength(1);
          expect(paused).toContain(claims[0]!.executionId);
          await worker.complete(claims[0]!);
        }
        expect(await s.store.getLock(KEY)).toBeNull();
      }),
    );
  });
}
