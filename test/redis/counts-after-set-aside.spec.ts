import { describe, expect, it } from '@jest/globals';
import { edgeTo, lockOn, MINUTE, newExecution, twoSteps } from '../contract/fixtures.js';
import type { StoreFixture } from '../contract/store-fixture.js';
import { fixtureSuite } from './fixture-suite.js';

const play = fixtureSuite();

/** Sets aside an execution whose data are damaged. */
async function find(s: StoreFixture, id: string): Promise<void> {
  expect(await s.store.getExecution(id)).toBeNull();
  await s.store.cancel(id, 0);
  expect((await s.stats()).setAside).toBe(1);
}

describe('the number of queues with limits', () => {
  it('does not count a queue whose limits are set aside', () =>
    play(async (s, redis) => {
      for (const queue of ['a', 'b']) await s.store.configureQueue(queue, { concurrency: 1, rateLimit: null });
      await redis('HSET', 'q', 'a', 'garbage');
      await s.add({ queue: 'a' });
      await (await s.worker('w1', { queues: ['a'] })).claimOne();
      expect((await s.stats()).setAside).toBe(1);
      expect(await redis('HGET', 'm', 'ruled')).toMatch(/\s1$/);
      await s.store.configureQueue('b', { concurrency: null, rateLimit: null });
      expect(await redis('HGET', 'm', 'ruled')).toMatch(/\s0$/);
    }));
});

describe('an execution that is set aside', () => {
  it('while it is ready, lets no cancelled one behind it run', () =>
    play(async (s, redis) => {
      const [damaged, first, second, cancelled] = await s.addMany(4);
      await s.store.cancel(cancelled!, 0);
      await redis('HSET', 'x', damaged!, 'garbage');
      const worker = await s.worker();
      expect(await worker.claimIds(1)).toEqual([first]);
      expect(await worker.claimIds(9)).toEqual([second]);
      expect(await s.status(cancelled!)).toBe('CANCELLED');
      expect((await s.stats()).byStatus).toMatchObject({ PENDING: 0, RUNNING: 2, CANCELLED: 1 });
    }));

  it('while it is ready, and is found by another call, lets no cancelled one behind it run', () =>
    play(async (s, redis) => {
      const [damaged, first, second, cancelled] = await s.addMany(4);
      await s.store.cancel(cancelled!, 0);
      await redis('HSET', 'x', damaged!, 'garbage');
      await find(s, damaged!);
      const worker = await s.worker();
      expect(await worker.claimIds(1)).toEqual([first]);
      expect(await worker.claimIds(9)).toEqual([second]);
      expect(await s.status(cancelled!)).toBe('CANCELLED');
    }));

  it('is not counted once more when history drops its entry', () =>
    play(
      async (s, redis) => {
        const worker = await s.worker();
        const [damaged, ...ids] = await s.addMany(3);
        for (const claim of await worker.claim(3)) await worker.complete(claim);
        await redis('HSET', 'x', damaged!, 'garbage');
        await find(s, damaged!);
        expect((await s.stats()).byStatus).toMatchObject({ PENDING: 0, COMPLETED: 2 });
        await s.addMany(2);
        for (const claim of await worker.claim(2)) await worker.complete(claim);
        expect((await s.stats()).byStatus).toMatchObject({ PENDING: 0, COMPLETED: 3 });
        expect(await s.store.getExecution(ids[0]!)).toBeNull();
      },
      { history: { count: 3, age: null, bytes: null } },
    ));

  it('in history, lets it drop none that a live one needs', () =>
    play(
      async (s, redis) => {
        const worker = await s.worker();
        const [damaged, , upstream] = await s.addMany(3);
        for (const claim of await worker.claim(3)) await worker.complete(claim, 'result');
        const [dependent] = await s.store.enqueue([
          newExecution({ taskId: 'child', delay: 1_000, edges: [edgeTo(upstream!)] }),
        ]);
        await redis('HSET', 'x', damaged!, 'garbage');
        await find(s, damaged!);
        for (let i = 0; i < 9; i++) {
          await s.add();
          await worker.complete(await worker.claimOne());
        }
        expect(await s.status(upstream!)).toBe('COMPLETED');
        await s.advance(1_000);
        expect((await worker.claimOne(dependent)).results).toEqual({ parent: '"result"' });
      },
      { history: { count: 3, age: null, bytes: null } },
    ));

  it('in history, as trimming finds its state unreadable, leaves nothing behind', () =>
    play(
      async (s, redis) => {
        const worker = await s.worker();
        const [damaged] = await s.addMany(3);
        for (const claim of await worker.claim(3)) await worker.complete(claim);
        await redis('HSET', 's', damaged!, '\u0001garbage');
        const [failed] = await s.addMany(2);
        for (const claim of await worker.claim(2)) await worker.retry(claim);
        for (const claim of await worker.claim(2)) await worker.complete(claim);
        await s.maintain();
        expect(await redis('HEXISTS', 'x', damaged!)).toBe(':0');
        expect((await s.stats()).setAside).toBe(1);
        expect(await s.status(failed!)).toBe('COMPLETED');
        expect(await redis('HGET', 'ho', 'history')).not.toMatch(/\s-/);
      },
      { history: { count: 3, age: null, bytes: null } },
    ));

  it('in a workflow that history drops in the same step, is not counted any more', () =>
    play(
      async (s, redis) => {
        const { workflow, members } = twoSteps();
        const [first, second] = members.map(({ executionId }) => executionId);
        const outside = await s.add({ taskId: 'parent' });
        members[1]!.edges = [edgeTo(first!, 'failure', { taskId: 'plain', ref: 'a' }), edgeTo(outside)];
        await s.store.startWorkflow(workflow, members);
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(outside));
        await worker.fail(await worker.claimOne(first));
        const claim = await worker.claimOne(second);
        await redis('HSET', 'x', first!, 'garbage');
        await worker.complete(claim);
        expect(await s.store.getWorkflow(workflow.workflowId)).toBeNull();
        expect((await s.stats()).byStatus).toMatchObject({ PENDING: 0, RUNNING: 0, FAILED: 0, COMPLETED: 0 });
      },
      { history: { count: 0, age: null, bytes: null } },
    ));

  it('for a timeout that names none takes nothing from workers', () =>
    play(async (s, redis) => {
      const worker = await s.worker();
      await s.worker('w2');
      const [id] = await s.addMany(1);
      const claim = await worker.claimOne(id);
      await redis('ZADD', 'et', `${s.now}`, 'garbage');
      await s.maintain();
      expect((await s.stats()).byStatus).toMatchObject({ PENDING: 0, RUNNING: 1 });
      expect((await s.store.listWorkers()).map(({ running }) => running)).toEqual([1, 0]);
      expect(await worker.complete(claim)).toBe('applied');
    }));

  it('while a tombstone of it is in its ready list, makes the size of its queue no less than it is', () =>
    play(async (s, redis) => {
      const [cancelled, first, second] = await s.addMany(3);
      await s.store.cancel(cancelled!, 0);
      await redis('HSET', 'x', cancelled!, 'garbage');
      await find(s, cancelled!);
      const worker = await s.worker();
      expect(await worker.claimIds(1)).toEqual([first]);
      expect((await s.store.queueSizes('default'))[2]).toBe(1);
      expect(await worker.claimIds(1)).toEqual([second]);
    }));
});

describe('the numbers of executions, after one with an unreadable state was set aside', () => {
  it.each<[string, (s: StoreFixture) => Promise<string>]>([
    [
      'that had failed',
      async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        await worker.fail(await worker.claimOne(id));
        return id;
      },
    ],
    [
      'that waited for a handler',
      async (s) => {
        const id = await s.add({ taskId: 'unknown' });
        expect(await (await s.worker()).claimIds(1)).toEqual([]);
        return id;
      },
    ],
    [
      'that waited for a retry',
      async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        await worker.retry(await worker.claimOne(id), MINUTE);
        return id;
      },
    ],
    [
      'that waited for a lock',
      async (s) => {
        const [first, id] = await s.addMany(2, { lock: lockOn('key') });
        expect(await (await s.worker()).claimIds(2)).toEqual([first]);
        return id!;
      },
    ],
  ])('are those of the others: one %s', (_, make) =>
    play(async (s, redis) => {
      const others = await s.addMany(3, { queue: 'other' });
      await s.store.cancel(others[0]!, 0);
      expect(await (await s.worker('w2', { queues: ['other'] })).claimIds(1)).toEqual([others[1]]);
      const before = await s.stats();
      const id = await make(s);
      await redis('HSET', 's', id, '\u0001garbage');
      await find(s, id);
      await s.maintain();
      const { byStatus, queues: _queues, counters: _counters, ...rest } = await s.stats();
      const isLocked = byStatus.RUNNING === 2;
      expect(byStatus).toEqual({ ...before.byStatus, RUNNING: isLocked ? 2 : 1 });
      expect(rest).toMatchObject({ waitingForHandler: 0, waitingForLock: 0, waitingForDependencies: 0 });
    }),
  );
});
