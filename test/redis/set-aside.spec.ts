import { describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import type { Effect } from '../../libs/scheduler/src/core/effects.js';
import { edgeTo, LEASE, lockOn, newSchedule } from '../contract/fixtures.js';
import type { StoreFixture } from '../contract/store-fixture.js';
import { fixtureSuite, type Redis } from './fixture-suite.js';

const play = fixtureSuite();

const asideOf = (s: StoreFixture): Extract<Effect, { kind: 'setAside' }>[] => s.effectsOf('setAside');

/** Ways in which the stored data of an execution may be wrong. */
const SPOILS: [string, (redis: Redis, id: string) => Promise<unknown>][] = [
  ['a state of garbage', (redis, id) => redis('HSET', 's', id, '\u0001garbage')],
  ['an empty state', (redis, id) => redis('HSET', 's', id, '')],
  // MessagePack: { a: 'x' } and { st: 'NOSUCH' }.
  ['a state with a field of a wrong type', (redis, id) => redis('HSET', 's', id, '\u0081\u00a1a\u00a1x')],
  ['a cut end', (redis, id) => redis('HSET', 's', id, 'C12')],
  ['a record of garbage', (redis, id) => redis('HSET', 'x', id, 'garbage')],
  ['no record', (redis, id) => redis('HDEL', 'x', id)],
];

describe.each(SPOILS)('an execution with %s', (_, spoil) => {
  it('is set aside when its worker leaves, and the other runs return', () =>
    play(async (s, redis) => {
      const ids = await s.addMany(3);
      const leaving = await s.worker('w1');
      await leaving.claim(3);
      await spoil(redis, ids[1]!);
      await s.store.deregister('w1');
      expect(await s.store.listWorkers()).toEqual([]);
      const other = await s.worker('w2');
      expect(await other.claimIds(3)).toEqual([ids[0], ids[2]]);
      expect((await s.stats()).setAside).toBe(1);
    }));

  it('is set aside by the rescue of its worker, and the other runs return', () =>
    play(async (s, redis) => {
      const ids = await s.addMany(3);
      const lost = await s.worker('w1');
      await lost.claim(3);
      await spoil(redis, ids[1]!);
      s.clock.advance(LEASE + 1);
      await s.rescue();
      expect(await s.store.listWorkers()).toEqual([]);
      const other = await s.worker('w2');
      expect(await other.claimIds(3)).toEqual([ids[0], ids[2]]);
      expect((await s.stats()).setAside).toBe(1);
      expect(asideOf(s)).toEqual([expect.objectContaining({ id: ids[1] })]);
      expect(await redis('LLEN', 'sa')).toBe(':1');
      expect((await s.stats()).byStatus.RUNNING).toBe(2);
    }));

  it('is set aside when it is due, and the others become ready', () =>
    play(async (s, redis) => {
      const ids = await s.addMany(3, { delay: 1000 });
      await spoil(redis, ids[1]!);
      await s.advance(1000);
      expect(await (await s.worker()).claimIds(3)).toEqual([ids[0], ids[2]]);
      expect((await s.stats()).setAside).toBe(1);
    }));

  it('is set aside when its upstream ends, and the other dependents become ready', () =>
    play(async (s, redis) => {
      const parent = await s.add({ taskId: 'parent' });
      const ids: string[] = [];
      for (let i = 0; i < 3; i++) ids.push(await s.add({ taskId: 'child', edges: [edgeTo(parent)] }));
      await spoil(redis, ids[1]!);
      const worker = await s.worker();
      await worker.complete(await worker.claimOne(parent));
      await s.maintain();
      expect(await worker.claimIds(3)).toEqual([ids[0], ids[2]]);
    }));

  it('in a ready list is skipped by claims', () =>
    play(async (s, redis) => {
      const ids = await s.addMany(3);
      await spoil(redis, ids[1]!);
      const worker = await s.worker();
      const found = await worker.claimIds(3);
      expect(found.filter((id) => id !== ids[1])).toEqual([ids[0], ids[2]]);
      await s.maintain();
    }));

  it('with a free lock does not block others from the lock', () =>
    play(async (s, redis) => {
      const held = await s.store.acquireLock('key', 'holder', LEASE, 0);
      const ids: string[] = [];
      for (let i = 0; i < 3; i++) ids.push(await s.add({ lock: lockOn('key') }));
      const worker = await s.worker();
      expect(await worker.claimIds(3)).toEqual([]);
      await s.store.pauseQueue('default');
      await s.store.releaseLock('key', 'holder', held!.fencingToken);
      await spoil(redis, ids[0]!);
      await s.store.resumeQueue('default');
      // The claim may notice the loss, and take the next one.
      const first = await worker.claim(1);
      await worker.settle(
        ...first.map(({ executionId, leaseToken }) => settle.complete({ executionId, leaseToken }, null)),
      );
      const grant = await s.store.acquireLock('key', 'another', LEASE, 0);
      if (grant) await s.store.releaseLock('key', 'another', grant.fencingToken);
      const rest = ids.slice(1).filter((id) => first[0]?.executionId !== id);
      for (const id of rest) await worker.complete(await worker.claimOne(id));
      expect(await s.store.getLock('key')).toBeNull();
    }));

  it('with a requested cancel does not prevent the ends of others', () =>
    play(async (s, redis) => {
      const ids = await s.addMany(3);
      const worker = await s.worker();
      await worker.claim(3);
      for (const id of ids) await s.store.cancel(id, 1000);
      await spoil(redis, ids[1]!);
      await s.advance(1001);
      expect(await s.statuses(ids[0]!, ids[2]!)).toEqual(['CANCELLED', 'CANCELLED']);
      expect((await s.stats()).setAside).toBe(1);
    }));
});

describe('maintenance continues', () => {
  it('if a worker, a run or a step of dependents is garbage', () =>
    play(async (s, redis) => {
      const [id] = await s.addMany(1, { delay: 500 });
      await s.worker('w1');
      await redis('HSET', 'w', 'w1', 'garbage');
      await redis('HSET', 'run:w1', 'nobody', 'garbage');
      await redis('ZADD', 'wl', '1', 'w9');
      await redis('RPUSH', 'cont', 'garbage');
      await redis('ZADD', 'et', '1', 'garbage');
      await redis('ZADD', 'gr', '1', 'garbage');
      await redis('ZADD', 'lw', '1', 'garbage');
      await redis('ZADD', 'lx', '1', 'garbage');
      await redis('ZADD', 'bd', '1', 'garbage');
      await s.advance(1000);
      s.clock.advance(LEASE);
      await s.rescue();
      expect(await s.store.expiredRuns(PROMOTE_PER_STEP)).toEqual([]);
      expect(await s.store.listWorkers()).toEqual([]);
      expect(await (await s.worker('w2')).claimIds(2)).toEqual([id]);
      expect((await s.stats()).setAside).toBeGreaterThanOrEqual(2);
    }));

  it('if a run names one worker and is listed under another', () =>
    play(async (s, redis) => {
      const [id] = await s.addMany(1);
      await s.worker('w1');
      const other = await s.worker('w2');
      const claim = await other.claimOne(id);
      await other.retry(claim);
      const again = await other.claimOne(id);
      await redis('HSET', 'run:w1', id!, 'p1|1');
      s.clock.advance(LEASE - 1);
      await other.beat(again);
      s.clock.advance(2);
      await s.rescue();
      expect((await s.store.listWorkers()).map(({ workerId }) => workerId)).toEqual(['w2']);
      expect(await other.complete(again)).toBe('applied');
      expect((await s.stats()).byStatus).toMatchObject({ RUNNING: 0, COMPLETED: 1 });
    }));

  it('and keeps the counters of waiting executions', () =>
    play(async (s, redis) => {
      const unable = await s.worker('unable', { tasks: ['plain'] });
      const holder = await s.add({ lock: lockOn('k') });
      await unable.claimOne(holder);
      const parent = await s.add({ queue: 'behind' });
      const [blocked, parked, unhandled] = [
        await s.add({ edges: [edgeTo(parent)] }),
        await s.add({ lock: lockOn('k') }),
        await s.add({ taskId: 'nightly' }),
      ];
      expect(await unable.claim(9)).toEqual([]);
      const counters = async (): Promise<number[]> => {
        const { waitingForDependencies, waitingForLock, waitingForHandler } = await s.stats();
        return [waitingForDependencies, waitingForLock, waitingForHandler];
      };
      expect(await counters()).toEqual([1, 1, 1]);
      for (const id of [blocked, parked, unhandled]) await redis('HSET', 'x', id, 'garbage');
      for (const id of [blocked, parked, unhandled]) await s.store.cancel(id, 0);
      expect((await s.stats()).setAside).toBe(3);
      expect(await counters()).toEqual([0, 0, 0]);
    }));

  it('if a schedule is garbage', () =>
    play(async (s, redis) => {
      await s.store.putSchedule(newSchedule({ id: 'bad', nextRunTime: s.now + 1 }));
      await s.store.putSchedule(newSchedule({ id: 'good', nextRunTime: s.now + 2 }));
      await redis('HSET', 'sc', 'bad', 'garbage');
      s.clock.advance(10);
      const due = await s.store.dueSchedules(10);
      expect(due.schedules.map(({ id }) => id)).toEqual(['good']);
      expect((await s.stats()).setAside).toBe(1);
      expect(asideOf(s)).toEqual([expect.objectContaining({ step: 'schedule', id: 'bad' })]);
    }));

  it('if history contains garbage', () =>
    play(async (s, redis) => {
      const ids = await s.addMany(3, { tags: ['x'] });
      const worker = await s.worker();
      for (const claim of await worker.claim(3)) await worker.fail(claim);
      await redis('HSET', 's', ids[1]!, 'garbage');
      await s.maintain();
      expect(await s.status(ids[2]!)).toBe('FAILED');
    }));

  it('if a lock names a missing holder', () =>
    play(async (s, redis) => {
      const [first] = await s.addMany(2, { lock: lockOn('a') });
      const worker = await s.worker();
      await worker.claimOne(first);
      await redis('HDEL', 'x', first!);
      s.clock.advance(LEASE + 1);
      await s.rescue();
      expect(await s.store.listWorkers()).toEqual([]);
      expect((await s.stats()).setAside).toBe(1);
    }));
});
