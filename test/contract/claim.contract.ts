import { describe, expect, it } from '@jest/globals';
import { CLAIM_PER_STEP, INSPECT_FLOOR } from '../../libs/scheduler/src/core/limits.js';
import { PRIORITIES, TaskPriority } from '../../libs/scheduler/src/core/priority.js';
import { settle, type NewExecution } from '../../libs/scheduler/src/core/commands.js';
import type { QueueRules } from '../../libs/scheduler/src/store/records.js';
import { lockOn, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function claimContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('claim', () => {
    it(
      'returns all that a run needs, and marks the execution RUNNING',
      withFixture(async (s) => {
        const id = await s.add({ taskId: 'child', priority: TaskPriority.HIGH, payload: '{"a":1}', timeout: 9_000 });
        const scheduled = s.now;
        s.clock.advance(500);
        const worker = await s.worker();
        const claim = await worker.claimOne();
        expect(claim).toMatchObject({
          executionId: id,
          taskId: 'child',
          queue: 'default',
          priority: TaskPriority.HIGH,
          payload: '{"a":1}',
          run: 1,
          failures: 0,
          snoozes: 0,
          budget: null,
          scheduledTime: scheduled,
          startedTime: s.now,
          timeout: 9_000,
          workflowId: null,
          lockKey: null,
          fencingToken: null,
          results: null,
        });
        expect(await s.get(id)).toMatchObject({
          status: 'RUNNING',
          startedTime: new Date(s.now).toISOString(),
          waitingFor: null,
        });
        expect(await worker.claim(1)).toEqual([]);
      }),
    );

    it(
      'finds the task of an execution whatever its payload contains',
      withFixture(async (s) => {
        const payload = JSON.stringify(`|${s.now}|${s.now}||child|`);
        const first = await s.add({ taskId: 'child' });
        const other = await s.add({ taskId: 'plain', payload });
        const last = await s.add({ taskId: 'child', payload });
        const worker = await s.worker('w1', { tasks: ['child'] });
        expect(await worker.claimIds(3)).toEqual([first, last]);
        expect(await s.status(other)).toBe('PENDING');
      }),
    );

    it(
      'takes the best priority first, and the oldest within it',
      withFixture(async (s) => {
        const ids = new Map<TaskPriority, string[]>();
        for (const priority of [...PRIORITIES].reverse()) ids.set(priority, [await s.add({ priority })]);
        for (const priority of PRIORITIES) ids.get(priority)!.push(await s.add({ priority }));
        const expected = PRIORITIES.flatMap((priority) => ids.get(priority)!);
        expect(await s.store.peekQueue('default', 20)).toEqual(expected);
        const worker = await s.worker();
        expect([...(await worker.claimIds(3)), ...(await worker.claimIds(20))]).toEqual(expected);
      }),
    );

    it(
      'gives each execution to one worker only',
      withFixture(async (s) => {
        const ids = await s.addMany(10);
        const [one, two] = [await s.worker('w1'), await s.worker('w2')];
        const claimed = [...(await one.claimIds(4)), ...(await two.claimIds(4)), ...(await one.claimIds(9))];
        expect(claimed).toEqual(ids);
        expect(await two.claim(9)).toEqual([]);
      }),
    );

    it(
      'serves only the queues that the worker names, by priority before queue',
      withFixture(async (s) => {
        const elsewhere = await s.add({ queue: 'elsewhere', priority: TaskPriority.CRITICAL });
        const low = await s.add({ queue: 'one', priority: TaskPriority.LOW });
        const high = await s.add({ queue: 'two', priority: TaskPriority.HIGH });
        const worker = await s.worker('w1', { queues: ['one', 'two'] });
        expect(await worker.claimIds(9)).toEqual([high, low]);
        expect(await s.status(elsewhere)).toBe('PENDING');
      }),
    );

    it(
      'rotates the queues of one level',
      withFixture(async (s) => {
        const one = await s.addMany(6, { queue: 'one' });
        const two = await s.addMany(6, { queue: 'two' });
        const worker = await s.worker('w1', { queues: ['one', 'two'] });
        const claimed: string[] = [];
        for (let i = 0; i < 12; i++) claimed.push(...(await worker.claimIds(1)));
        for (let i = 0; i < 12; i += 2) {
          const queues = claimed.slice(i, i + 2).map((id) => (one.includes(id) ? 'one' : 'two'));
          expect(queues.sort()).toEqual(['one', 'two']);
        }
        expect(claimed.filter((id) => one.includes(id))).toEqual(one);
        expect(claimed.filter((id) => two.includes(id))).toEqual(two);
      }),
    );

    it(
      'starves no queue of one level when it claims several executions at a time',
      withFixture(async (s) => {
        const one = await s.addMany(60, { queue: 'one' });
        await s.addMany(60, { queue: 'two' });
        const worker = await s.worker('w1', { queues: ['one', 'two'] });
        const claimed: string[] = [];
        for (let i = 0; i < 10; i++) claimed.push(...(await worker.claimIds(4)));
        const ofOne = claimed.filter((id) => one.includes(id)).length;
        expect(claimed).toHaveLength(40);
        expect(ofOne).toBeGreaterThanOrEqual(16);
        expect(ofOne).toBeLessThanOrEqual(24);
      }),
    );

    it(
      'keeps reserved slots for their level',
      withFixture(async (s) => {
        const reserved = [{ queue: 'default', priority: TaskPriority.CRITICAL, count: 1 }];
        const normal = await s.addMany(5);
        const worker = await s.worker();
        expect(await worker.claimIds(2, { reserved })).toEqual([normal[0]]);
        expect(await worker.claimIds(1, { reserved })).toEqual([]);
        const critical = await s.addMany(2, { priority: TaskPriority.CRITICAL });
        expect(await worker.claimIds(1, { reserved })).toEqual([critical[0]]);
        expect(await worker.claimIds(2, { reserved })).toEqual([critical[1], normal[1]]);
        expect(await worker.claimIds(2, { reserved: [] })).toEqual(normal.slice(2, 4));
      }),
    );

    it(
      'gives unreserved slots to the reserved level as well',
      withFixture(async (s) => {
        const critical = await s.addMany(3, { priority: TaskPriority.CRITICAL });
        await s.addMany(2);
        const worker = await s.worker();
        const reserved = [{ queue: 'default', priority: TaskPriority.CRITICAL, count: 1 }];
        expect(await worker.claimIds(3, { reserved })).toEqual(critical);
      }),
    );

    it(
      'respects the concurrency of a queue in the process',
      withFixture(async (s) => {
        const narrow = await s.addMany(5, { queue: 'narrow', priority: TaskPriority.HIGH });
        const wide = await s.addMany(5, { queue: 'wide' });
        const worker = await s.worker('w1', { queues: ['narrow', 'wide'] });
        expect(await worker.claimIds(5, { capacity: { narrow: 2 } })).toEqual([
          ...narrow.slice(0, 2),
          ...wide.slice(0, 3),
        ]);
        expect(await worker.claimIds(5, { capacity: { narrow: 0 } })).toEqual(wide.slice(3));
        expect(await worker.claimIds(5)).toEqual(narrow.slice(2));
      }),
    );

    it(
      'is bounded, and reports that more is ready',
      withFixture(async (s) => {
        const ids = await s.addMany(CLAIM_PER_STEP + 10);
        const worker = await s.worker();
        const first = await worker.exchange({ demand: CLAIM_PER_STEP + 10 });
        expect(first.claims).toHaveLength(CLAIM_PER_STEP);
        expect(first.more).toBe(true);
        const second = await worker.exchange({ demand: 10 });
        expect(second.claims.map((claim) => claim.executionId)).toEqual(ids.slice(CLAIM_PER_STEP));
        expect((await worker.exchange({ demand: 10 })).more).toBe(false);
      }),
    );

    it(
      'inspects a bounded number of entries per call, and reaches the work behind them',
      withFixture(async (s) => {
        await s.store.acquireLock('shared', 'someone', 60_000, 0);
        const parked = await s.addMany(INSPECT_FLOOR * 2 + 10, { lock: lockOn('shared') });
        const free = await s.add();
        const worker = await s.worker();
        const first = await worker.exchange({ demand: 1 });
        expect(first).toMatchObject({ claims: [], more: true });
        expect((await s.stats()).waitingForLock).toBe(INSPECT_FLOOR);
        const second = await worker.exchange({ demand: 1 });
        expect(second).toMatchObject({ claims: [], more: true });
        expect(await worker.claimIds(1)).toEqual([free]);
        expect((await s.stats()).waitingForLock).toBe(parked.length);
      }),
    );

    it(
      'drops executions that were cancelled in the queue',
      withFixture(async (s) => {
        const [a, b, c] = await s.addMany(3);
        await s.store.cancel(b!, 0);
        expect(await s.store.peekQueue('default', 9)).toEqual([a, c]);
        expect(await s.store.queueSizes('default')).toEqual([0, 0, 2, 0, 0]);
        expect(await (await s.worker()).claimIds(9)).toEqual([a, c]);
      }),
    );

    it(
      'increments the attempt number with every claim',
      withFixture(async (s) => {
        await s.add();
        const worker = await s.worker();
        const first = await worker.claimOne();
        await worker.retry(first);
        await s.maintain();
        const second = await worker.claimOne(first.executionId);
        await worker.release(second);
        const third = await worker.claimOne(first.executionId);
        expect(second.leaseToken).toBeGreaterThan(first.leaseToken);
        expect(third.leaseToken).toBeGreaterThan(second.leaseToken);
      }),
    );

    it.each<[string, Partial<NewExecution>, QueueRules | null]>([
      ['has a lock of its own', { lock: lockOn('one') }, null],
      ['has a timeout', { timeout: 1000 }, null],
      ['has tags', { tags: ['a'] }, null],
      ['is in a queue with a rate limit', {}, { rateLimit: { max: 100, per: 1000 }, concurrency: null }],
      ['is in a queue with a concurrency', {}, { rateLimit: null, concurrency: 100 }],
    ])('prefetches nothing that %s, nor what is queued behind it', (_, overrides, rules) =>
      withFixture(async (s) => {
        if (rules) await s.store.configureQueue('default', rules);
        const ids = [await s.add(), await s.add(overrides), await s.add(overrides), await s.add()];
        const worker = await s.worker();
        const first = await worker.claim(9, { prefetch: 7 });
        expect(first.map((claim) => claim.executionId)).toEqual(ids.slice(0, 2));
        expect(await s.statuses(...ids)).toEqual(['RUNNING', 'RUNNING', 'PENDING', 'PENDING']);
        expect(await worker.claim(9, { prefetch: 9 })).toEqual([]);
        for (const claim of first) await worker.complete(claim);
        expect(await worker.claimIds(9)).toEqual(ids.slice(2));
        await s.maintain();
      })(),
    );

    it(
      'shows at most as many runs of a worker as RUNNING as it has slots',
      withFixture(async (s) => {
        const ids = await s.addMany(5);
        const worker = await s.worker('w1', { maxConcurrentTasks: 2 });
        const claims = await worker.claim(4, { prefetch: 2 });
        const shown = async () => ({
          running: (await s.statuses(...ids)).filter((status) => status === 'RUNNING').length,
          listed: (await s.store.listExecutions({ status: 'RUNNING' })).items.length,
          waiting: (await s.store.listExecutions({ status: 'PENDING' })).items.length,
          counted: (await s.stats()).byStatus,
          ofWorker: (await s.store.listWorkers())[0]!.running,
        });
        expect(await shown()).toMatchObject({
          ...{ running: 2, listed: 2, waiting: 3, ofWorker: 2 },
          counted: { RUNNING: 2, PENDING: 3 },
        });
        expect(await s.statuses(...ids.slice(0, 3))).toEqual(['RUNNING', 'RUNNING', 'PENDING']);
        expect(await s.get(ids[2]!)).toMatchObject({
          ...{ startedTime: null, attempts: [], waitingFor: { kind: 'queue' } },
        });
        await worker.complete(claims[0]!);
        const left = claims.length > 2 ? 2 : 1;
        expect(await shown()).toMatchObject({ running: left, listed: left, counted: { RUNNING: left } });
        await worker.settle(...claims.slice(1).map((claim) => settle.release(claim)));
        expect(await shown()).toMatchObject({ running: 0, waiting: 4, counted: { RUNNING: 0, PENDING: 4 } });
        expect(await worker.claimIds(9)).toEqual(ids.slice(1));
      }),
    );
  });
}
