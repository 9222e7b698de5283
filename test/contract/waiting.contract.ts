import { describe, expect, it } from '@jest/globals';
import { edgeTo, lockOn, MINUTE, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function waitingContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('waitingFor', () => {
    it(
      'is the queue if nothing else blocks it',
      withFixture(async (s) => {
        const id = await s.add();
        await s.worker();
        expect((await s.get(id)).waitingFor).toEqual({ kind: 'queue', queue: 'default' });
      }),
    );

    it(
      'is the instant',
      withFixture(async (s) => {
        const id = await s.add({ delay: MINUTE });
        expect((await s.get(id)).waitingFor).toEqual({ kind: 'time', until: new Date(s.now + MINUTE).toISOString() });
      }),
    );

    it(
      'is the lock, with its holder',
      withFixture(async (s) => {
        await s.store.acquireLock('key', 'someone', MINUTE, 0);
        const id = await s.add({ lock: lockOn('key') });
        await (await s.worker()).claim(1);
        expect((await s.get(id)).waitingFor).toEqual({ kind: 'lock', lock: { key: 'key', heldBy: 'someone' } });
      }),
    );

    it(
      'is the first of: paused, time, dependencies, lock, queue',
      withFixture(async (s) => {
        const worker = await s.worker();
        await s.store.acquireLock('key', 'someone', 10 * MINUTE, 0);
        const parent = await s.add({ taskId: 'parent', priority: 0 });
        const id = await s.add({ taskId: 'child', delay: MINUTE, edges: [edgeTo(parent)], lock: lockOn('key') });
        const kinds: unknown[] = [];
        const look = async () => kinds.push(await s.waitingFor(id));
        await s.store.pauseQueue('default');
        await look();
        await s.store.resumeQueue('default');
        await look();
        await s.advance(MINUTE);
        await look();
        await worker.complete(await worker.claimOne(parent));
        await look();
        await worker.claim(1);
        await look();
        await s.store.pauseQueue('default');
        await look();
        await s.store.resumeQueue('default');
        await s.store.forceReleaseLock('key');
        await look();
        await worker.claimOne(id);
        await look();
        expect(kinds).toEqual(['paused', 'time', 'dependencies', 'queue', 'lock', 'paused', 'queue', null]);
      }),
    );

    it(
      'is given for a RETRYING execution as well',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        await worker.retry(await worker.claimOne(id), MINUTE);
        expect(await s.waitingFor(id)).toBe('time');
        await s.advance(MINUTE);
        expect(await s.get(id)).toMatchObject({ status: 'RETRYING', waitingFor: { kind: 'queue', queue: 'default' } });
      }),
    );
  });
}
