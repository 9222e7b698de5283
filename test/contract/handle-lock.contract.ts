import { describe, expect, it } from '@jest/globals';
import { lockOn, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';

const KEY = 'invoice-numbers';

export function handleLockContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  const acquire = async (s: StoreFixture, owner: string, ttl = 10_000, maxWait = 0) => {
    const grant = await s.store.acquireLock(KEY, owner, ttl, maxWait);
    if (!grant) throw new Error(`${owner} did not get the lock`);
    return grant;
  };

  const grants = (s: StoreFixture) => s.effectsOf('lock').filter((effect) => effect.transition === 'granted');

  describe('a lock handle', () => {
    it(
      'holds the lock exclusively, with a token and an expiry',
      withFixture(async (s) => {
        expect(await s.store.getLock(KEY)).toBeNull();
        const grant = await acquire(s, 'a');
        expect(grant).toEqual({ key: KEY, owner: 'a', fencingToken: grant.fencingToken, expiresAt: s.now + 10_000 });
        expect(await s.store.acquireLock(KEY, 'b', 10_000, 0)).toBeNull();
        expect(await s.lock(KEY)).toEqual({
          key: KEY,
          owner: 'a',
          kind: 'handle',
          fencingToken: grant.fencingToken,
          expiresAt: grant.expiresAt,
          remaining: 10_000,
          waiting: 0,
        });
        await s.store.acquireLock('other', 'b', 1_000, 0);
        expect((await s.store.listLocks()).map((lock) => lock.key).sort()).toEqual([KEY, 'other']);
      }),
    );

    it(
      'is released only by its owner with its token, once',
      withFixture(async (s) => {
        const { fencingToken } = await acquire(s, 'a');
        expect(await s.store.releaseLock(KEY, 'b', fencingToken)).toBe(false);
        expect(await s.store.releaseLock(KEY, 'a', fencingToken + 1)).toBe(false);
        expect(await s.store.releaseLock(KEY, 'a', fencingToken - 1)).toBe(false);
        expect(await s.lock(KEY)).toMatchObject({ owner: 'a' });
        expect(await s.store.releaseLock(KEY, 'a', fencingToken)).toBe(true);
        expect(await s.store.releaseLock(KEY, 'a', fencingToken)).toBe(false);
        expect(await s.store.releaseLock('never taken', 'a', 1)).toBe(false);
      }),
    );

    it(
      'gets a larger token than all before it, on this key, forever',
      withFixture(async (s) => {
        let last = 0;
        for (let i = 0; i < 5; i++) {
          const { fencingToken } = await acquire(s, `owner ${i}`);
          expect(fencingToken).toBeGreaterThan(last);
          last = fencingToken;
          await s.store.releaseLock(KEY, `owner ${i}`, fencingToken);
          await s.advance(25 * 3_600_000);
        }
      }),
    );

    it(
      'waits in line, and is notified of its grant',
      withFixture(async (s) => {
        const held = await acquire(s, 'a');
        expect(await s.store.acquireLock(KEY, 'b', 5_000, 60_000)).toBeNull();
        expect(await s.store.acquireLock(KEY, 'c', 5_000, 60_000)).toBeNull();
        expect((await s.lock(KEY)).waiting).toBe(2);
        s.effects.length = 0;
        await s.store.releaseLock(KEY, 'a', held.fencingToken);
        expect(grants(s)).toMatchObject([{ key: KEY, owner: 'b' }]);
        const { fencingToken } = grants(s)[0]!;
        expect(fencingToken).toBeGreaterThan(held.fencingToken);
        expect(await s.lock(KEY)).toMatchObject({
          owner: 'b',
          fencingToken,
          expiresAt: s.now + 5_000,
          remaining: 5_000,
          waiting: 1,
        });
        expect(await s.store.releaseLock(KEY, 'b', fencingToken)).toBe(true);
        expect(grants(s)).toMatchObject([{ owner: 'b' }, { owner: 'c' }]);
      }),
    );

    it(
      'is not overtaken by a newcomer while others wait',
      withFixture(async (s) => {
        const held = await acquire(s, 'a');
        await s.store.acquireLock(KEY, 'b', 5_000, 60_000);
        await s.store.releaseLock(KEY, 'a', held.fencingToken);
        expect(await s.store.acquireLock(KEY, 'c', 5_000, 0)).toBeNull();
      }),
    );

    it(
      'waits at most maxWait',
      withFixture(async (s) => {
        const held = await acquire(s, 'a', 60_000);
        await s.store.acquireLock(KEY, 'b', 5_000, 3_000);
        await s.store.acquireLock(KEY, 'c', 5_000, 3_001);
        s.clock.advance(3_000);
        s.effects.length = 0;
        await s.store.releaseLock(KEY, 'a', held.fencingToken);
        expect(grants(s).map((effect) => effect.owner)).toEqual(['c']);
        expect(await s.store.abandonLock(KEY, 'b')).toBe(false);
      }),
    );

    it(
      'is renewed by another request if it holds the lock, and keeps its position if it waits',
      withFixture(async (s) => {
        const held = await acquire(s, 'a', 10_000);
        await s.store.acquireLock(KEY, 'b', 5_000, 60_000);
        await s.store.acquireLock(KEY, 'c', 5_000, 60_000);
        for (let i = 0; i < 5; i++) {
          s.clock.advance(4_000);
          expect(await acquire(s, 'a', 10_000)).toEqual({ ...held, expiresAt: s.now + 10_000 });
          expect(await s.store.acquireLock(KEY, 'c', 5_000, 60_000)).toBeNull();
          expect(await s.store.acquireLock(KEY, 'b', 5_000, 60_000)).toBeNull();
        }
        expect(await s.lock(KEY)).toMatchObject({ owner: 'a', waiting: 2 });
        await s.store.releaseLock(KEY, 'a', held.fencingToken);
        expect(await s.lock(KEY)).toMatchObject({ owner: 'b', expiresAt: s.now + 5_000, waiting: 1 });
        expect((await s.stats()).counters.lockAcquired).toBe(2);
      }),
    );

    it(
      'gets no grant if it has not renewed its wait for 5 s',
      withFixture(async (s) => {
        const held = await acquire(s, 'a', 60_000);
        await s.store.acquireLock(KEY, 'gone', 5_000, 60_000);
        await s.store.acquireLock(KEY, 'there', 5_000, 60_000);
        s.clock.advance(4_999);
        expect(await s.store.awaitLocks([{ key: KEY, owner: 'there', ttl: 5_000, maxWait: 55_000 }])).toEqual([]);
        s.clock.advance(1);
        s.effects.length = 0;
        await s.store.releaseLock(KEY, 'a', held.fencingToken);
        expect(grants(s).map((effect) => effect.owner)).toEqual(['there']);
        expect(await s.lock(KEY)).toMatchObject({ owner: 'there', waiting: 0 });
      }),
    );

    it(
      'skips 100 waits of a dead process, a bounded number per step',
      withFixture(async (s) => {
        const held = await acquire(s, 'a', 60_000);
        for (let i = 0; i < 100; i++) await s.store.acquireLock(KEY, `gone ${i}`, 5_000, 60_000);
        s.clock.advance(5_000);
        await s.store.acquireLock(KEY, 'there', 5_000, 60_000);
        await s.store.releaseLock(KEY, 'a', held.fencingToken);
        await s.maintain();
        expect(await s.lock(KEY)).toMatchObject({ owner: 'there', waiting: 0 });
      }),
    );

    it(
      'gets its grant and its wait again by asking for all that it waits for',
      withFixture(async (s) => {
        const held = await acquire(s, 'a');
        await s.store.acquireLock(KEY, 'b', 5_000, 60_000);
        await s.store.releaseLock(KEY, 'a', held.fencingToken);
        const { fencingToken } = await s.lock(KEY);
        s.clock.advance(1_000);
        const waits = [
          { key: KEY, owner: 'b', ttl: 5_000, maxWait: 59_000 },
          { key: KEY, owner: 'forgotten', ttl: 7_000, maxWait: 59_000 },
          { key: 'free', owner: 'b', ttl: 5_000, maxWait: 59_000 },
        ];
        const found = await s.store.awaitLocks(waits);
        expect(found[0]).toEqual({ key: KEY, owner: 'b', fencingToken, expiresAt: s.now + 5_000 });
        expect(found.slice(1)).toEqual([expect.objectContaining({ key: 'free', owner: 'b' })]);
        await s.store.releaseLock(KEY, 'b', fencingToken);
        expect(await s.lock(KEY)).toMatchObject({ owner: 'forgotten', expiresAt: s.now + 7_000 });
      }),
    );

    it(
      'can abandon its wait',
      withFixture(async (s) => {
        const held = await acquire(s, 'a');
        await s.store.acquireLock(KEY, 'b', 5_000, 60_000);
        expect(await s.store.abandonLock(KEY, 'b')).toBe(true);
        expect(await s.store.abandonLock(KEY, 'b')).toBe(false);
        expect(await s.store.abandonLock('never taken', 'b')).toBe(false);
        s.effects.length = 0;
        await s.store.releaseLock(KEY, 'a', held.fencingToken);
        expect(grants(s)).toEqual([]);
        await s.store.acquireLock(KEY, 'c', 5_000, 0);
        expect(await s.lock(KEY)).toMatchObject({ owner: 'c' });
      }),
    );

    it(
      'keeps a lock that was granted meanwhile when it abandons the wait',
      withFixture(async (s) => {
        const held = await acquire(s, 'a');
        await s.store.acquireLock(KEY, 'b', 5_000, 60_000);
        await s.store.releaseLock(KEY, 'a', held.fencingToken);
        expect(await s.store.abandonLock(KEY, 'b')).toBe(false);
        expect(await s.lock(KEY)).toMatchObject({ owner: 'b' });
      }),
    );

    it(
      'is extended only by its owner with its token',
      withFixture(async (s) => {
        const { fencingToken } = await acquire(s, 'a', 10_000);
        s.clock.advance(6_000);
        expect(await s.store.extendLock(KEY, 'b', fencingToken, 9_000)).toBe(false);
        expect(await s.store.extendLock(KEY, 'a', fencingToken + 1, 9_000)).toBe(false);
        expect(await s.lock(KEY)).toMatchObject({ expiresAt: s.now + 4_000 });
        expect(await s.store.extendLock(KEY, 'a', fencingToken, 9_000)).toBe(true);
        expect(await s.lock(KEY)).toMatchObject({ owner: 'a', fencingToken, expiresAt: s.now + 9_000 });
        await s.advance(8_999);
        expect(await s.store.acquireLock(KEY, 'b', 1_000, 0)).toBeNull();
      }),
    );

    it(
      'expires: others can acquire the lock, and the old token is no longer valid',
      withFixture(async (s) => {
        const old = await acquire(s, 'a', 10_000);
        s.clock.advance(9_999);
        expect(await s.store.acquireLock(KEY, 'b', 1_000, 0)).toBeNull();
        s.clock.advance(1);
        const next = await acquire(s, 'b');
        expect(next.fencingToken).toBeGreaterThan(old.fencingToken);
        expect(await s.store.releaseLock(KEY, 'a', old.fencingToken)).toBe(false);
        expect(await s.store.extendLock(KEY, 'a', old.fencingToken, 1_000)).toBe(false);
        expect(await s.lock(KEY)).toMatchObject({ owner: 'b', fencingToken: next.fencingToken });
        expect(s.effectsOf('lock')).toContainEqual(
          expect.objectContaining({ transition: 'lost', owner: 'a', fencingToken: old.fencingToken }),
        );
        expect((await s.stats()).counters.locksLost).toBe(1);
      }),
    );

    it(
      'passes to the next waiter by maintenance alone when it expires',
      withFixture(async (s) => {
        await acquire(s, 'a', 10_000);
        await s.advance(6_000);
        await s.store.acquireLock(KEY, 'b', 5_000, 60_000);
        s.effects.length = 0;
        await s.advance(4_000);
        expect(grants(s)).toMatchObject([{ owner: 'b' }]);
      }),
    );

    it(
      'is released by force, and passes to the next waiter',
      withFixture(async (s) => {
        expect(await s.store.forceReleaseLock(KEY)).toBe(false);
        const held = await acquire(s, 'a');
        await s.store.acquireLock(KEY, 'b', 5_000, 60_000);
        expect(await s.store.forceReleaseLock(KEY)).toBe(true);
        expect(await s.lock(KEY)).toMatchObject({ owner: 'b' });
        expect(s.effectsOf('lock')).toContainEqual(
          expect.objectContaining({ transition: 'lost', owner: 'a', fencingToken: held.fencingToken }),
        );
        expect(await s.store.releaseLock(KEY, 'a', held.fencingToken)).toBe(false);
        expect(await s.lock(KEY)).toMatchObject({ owner: 'b' });
      }),
    );
  });

  describe('a handle and an execution', () => {
    it(
      'exclude each other',
      withFixture(async (s) => {
        const held = await acquire(s, 'a');
        const id = await s.add({ lock: lockOn(KEY) });
        const worker = await s.worker();
        expect(await worker.claim(9)).toEqual([]);
        expect((await s.get(id)).waitingFor).toMatchObject({ kind: 'lock', lock: { key: KEY, heldBy: 'a' } });
        await s.store.releaseLock(KEY, 'a', held.fencingToken);
        const claim = await worker.claimOne(id);
        expect(claim.fencingToken).toBeGreaterThan(held.fencingToken);
        expect(await s.store.acquireLock(KEY, 'b', 5_000, 60_000)).toBeNull();
        s.effects.length = 0;
        await worker.complete(claim);
        expect(grants(s)).toMatchObject([{ owner: 'b' }]);
        expect(grants(s)[0]!.fencingToken).toBeGreaterThan(claim.fencingToken!);
      }),
    );

    for (const first of ['handle', 'execution'] as const) {
      it(
        `wait in one line, with the handle at level NORMAL: the ${first} came first and is next`,
        withFixture(async (s) => {
          const held = await acquire(s, 'a');
          const worker = await s.worker();
          const wait = {
            handle: () => s.store.acquireLock(KEY, 'b', 5_000, 60_000),
            execution: async () => {
              await s.add({ lock: lockOn(KEY) });
              await worker.claim(1);
            },
          };
          await wait[first]();
          await wait[first === 'handle' ? 'execution' : 'handle']();
          expect((await s.lock(KEY)).waiting).toBe(2);
          await s.store.releaseLock(KEY, 'a', held.fencingToken);
          expect((await s.lock(KEY)).owner).toBe(first === 'handle' ? 'b' : null);
          expect(await worker.claim(1)).toHaveLength(first === 'handle' ? 0 : 1);
        }),
      );
    }

    it(
      'of which the handle expires: the parked execution becomes ready',
      withFixture(async (s) => {
        await acquire(s, 'a', 10_000);
        const id = await s.add({ lock: lockOn(KEY) });
        const worker = await s.worker();
        expect(await worker.claim(9)).toEqual([]);
        await s.advance(10_000);
        expect(await worker.claimIds(9)).toEqual([id]);
      }),
    );
  });
}
