import { describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { MAX_CRASHES, RESCUE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { TaskPriority } from '../../libs/scheduler/src/core/priority.js';
import { helloOf, LEASE, nextId, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';
import { Worker } from './worker.js';

export function workerContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('a worker', () => {
    it(
      'is listed with its description, its lease and its runs',
      withFixture(async (s) => {
        await s.addMany(3);
        const worker = await s.worker('w1', { queues: ['default', 'other'] });
        const started = new Date(s.now).toISOString();
        await worker.claim(2);
        s.clock.advance(4_000);
        await worker.beat();
        const { tasks, ...hello } = helloOf('w1', { queues: ['default', 'other'] });
        expect(await s.store.listWorkers()).toEqual([
          {
            ...hello,
            tasks: [...tasks],
            state: 'active',
            startedTime: started,
            lastBeatTime: new Date(s.now).toISOString(),
            leaseUntil: new Date(s.now + LEASE).toISOString(),
            running: 2,
          },
        ]);
        expect((await s.stats()).workers).toBe(1);
        expect(s.effectsOf('worker')).toMatchObject([{ transition: 'joined', workerId: 'w1' }]);
      }),
    );

    it(
      'can register again and keep its runs',
      withFixture(async (s) => {
        await s.addMany(2, { queue: 'other' });
        await s.add();
        const worker = await s.worker();
        const claim = await worker.claimOne();
        await s.worker('w1', { queues: ['other'] });
        expect((await worker.beat(claim)).known).toBe(true);
        expect(await worker.claim(9)).toHaveLength(2);
        expect(await worker.complete(claim)).toBe('applied');
        expect(await s.store.listWorkers()).toHaveLength(1);
      }),
    );

    it(
      'gets in the reply to its heartbeat that it is unknown, and which runs are lost',
      withFixture(async (s) => {
        await s.addMany(2);
        const worker = await s.worker();
        const [a, b] = await worker.claim(2);
        await worker.release(a!);
        expect(await worker.beat(a!, b!)).toEqual({
          known: true,
          cancelRequested: [],
          lost: [{ executionId: a!.executionId, leaseToken: a!.leaseToken }],
        });
        const other = await s.worker('w2');
        expect(await other.beat(b!)).toMatchObject({ known: true, lost: [{ executionId: b!.executionId }] });
        const stranger = await s.store.heartbeat('nobody', [
          { executionId: b!.executionId, leaseToken: b!.leaseToken },
        ]);
        expect(stranger).toMatchObject({ known: false, lost: [{ executionId: b!.executionId }] });
      }),
    );

    it(
      'gets no claims if the store does not know it, and is notified',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        const claim = await worker.claimOne(id);
        await s.add();
        const stranger = new Worker(s.store, 'nobody');
        const reply = await stranger.exchange({ settlements: [settle.complete(claim, null)], demand: 9 });
        expect(reply).toEqual({ known: false, settled: ['stale'], claims: [], more: false });
        expect((await worker.exchange()).known).toBe(true);
        expect(await s.status(id)).toBe('RUNNING');
      }),
    );

    it(
      'claims nothing more when it drains, and still settles',
      withFixture(async (s) => {
        await s.addMany(2);
        const worker = await s.worker();
        const claim = await worker.claimOne();
        await s.store.drain('w1');
        expect(await worker.claim(9)).toEqual([]);
        expect((await s.store.listWorkers())[0]).toMatchObject({ state: 'draining', running: 1 });
        expect(s.effectsOf('worker').at(-1)).toMatchObject({ transition: 'draining', workerId: 'w1' });
        expect(await worker.complete(claim)).toBe('applied');
      }),
    );

    it(
      'releases its runs to the head when it deregisters, in their old order, without using an attempt',
      withFixture(async (s) => {
        const ids = await s.addMany(5);
        const urgent = await s.add({ priority: TaskPriority.HIGH });
        const worker = await s.worker();
        const claims = await worker.claim(4);
        await s.store.deregister('w1');
        expect(await s.store.peekQueue('default', 9)).toEqual([urgent, ...ids]);
        expect(await s.store.listWorkers()).toEqual([]);
        expect(s.effectsOf('worker').at(-1)).toMatchObject({ transition: 'left', workerId: 'w1' });
        expect(await s.get(ids[0]!)).toMatchObject({ status: 'PENDING', attempts: [], retryCount: 0 });
        expect(s.transitions(ids[0]!)).toEqual(['scheduled', 'started', 'released']);
        expect(await worker.complete(claims[1]!)).toBe('stale');
        const next = await s.worker('w2');
        expect(await next.claimOne(urgent)).toMatchObject({ run: 1, failures: 0 });
        expect((await s.stats()).counters).toMatchObject({ released: 4, crashed: 0 });
      }),
    );

    it(
      'releases any number of runs in their old order when it deregisters',
      withFixture(async (s) => {
        const count = 2 * RESCUE_PER_STEP + 1;
        const ids = await s.addMany(count);
        const worker = await s.worker();
        await worker.claim(count);
        await s.store.deregister('w1');
        expect(await s.store.listWorkers()).toEqual([]);
        expect(await s.store.peekQueue('default', count)).toEqual(ids);
      }),
    );
  });

  describe('a lease', () => {
    it(
      'is kept while the worker sends heartbeats',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        const claim = await worker.claimOne();
        for (let i = 0; i < 10; i++) {
          s.clock.advance(LEASE - 1);
          await worker.beat(claim);
          expect(await s.store.rescue(RESCUE_PER_STEP)).toMatchObject({ done: 0, more: false });
        }
        expect(await s.status(id)).toBe('RUNNING');
      }),
    );

    it(
      'returns the runs to the head when it expires, as a crash and not as a failed attempt',
      withFixture(async (s) => {
        const ids = await s.addMany(4);
        const worker = await s.worker();
        const claims = await worker.claim(3);
        s.clock.advance(LEASE - 1);
        await s.rescue();
        expect(await s.status(ids[0]!)).toBe('RUNNING');
        s.clock.advance(1);
        await s.rescue();
        expect(await s.store.peekQueue('default', 9)).toEqual(ids);
        expect(await s.get(ids[0]!)).toMatchObject({
          status: 'PENDING',
          retryCount: 0,
          attempts: [{ attempt: 1, workerId: 'w1', outcome: 'WORKER_LOST' }],
        });
        expect(s.transitions(ids[0]!)).toEqual(['scheduled', 'started', 'rescued']);
        expect(s.effectsOf('worker').at(-1)).toMatchObject({ transition: 'lost', workerId: 'w1' });
        expect((await s.stats()).counters).toMatchObject({ crashed: 3, failed: 0, retried: 0 });
        expect(await worker.complete(claims[0]!)).toBe('stale');
        expect(await worker.beat(claims[0]!)).toMatchObject({
          known: false,
          lost: [{ executionId: ids[0], leaseToken: claims[0]!.leaseToken }],
        });
        const next = await s.worker('w2');
        expect(await next.claimOne(ids[0])).toMatchObject({ run: 2, failures: 0 });
      }),
    );

    it(
      'still accepts a late result after it expired until the run is rescued',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        const claim = await worker.claimOne();
        s.clock.advance(10 * LEASE);
        expect(await worker.complete(claim)).toBe('applied');
        expect(await s.status(id)).toBe('COMPLETED');
      }),
    );

    it(
      `ends an execution at its crash number ${MAX_CRASHES}`,
      withFixture(async (s) => {
        const id = await s.add();
        const child = await s.add({ taskId: 'child' });
        for (let crash = 1; crash <= MAX_CRASHES; crash++) {
          const worker = await s.worker(`w${crash}`);
          await worker.claimOne(id);
          s.clock.advance(LEASE);
          await s.rescue();
          expect(await s.status(id)).toBe(crash < MAX_CRASHES ? 'PENDING' : 'FAILED');
        }
        expect(await s.get(id)).toMatchObject({
          reason: 'WORKER_LOST',
          completedTime: new Date(s.now).toISOString(),
          attempts: Array.from({ length: MAX_CRASHES }, (_, i) => ({ attempt: i + 1, outcome: 'WORKER_LOST' })),
        });
        expect((await s.stats()).counters).toMatchObject({ crashed: MAX_CRASHES, failed: 1 });
        expect(await (await s.worker('last')).claimIds(9)).toEqual([child]);
      }),
    );

    it(
      'runs at most one execution that has crashed twice at a time on a worker',
      withFixture(async (s) => {
        const ids = await s.addMany(4);
        for (let crash = 1; crash < MAX_CRASHES; crash++) {
          expect(await (await s.worker(`w${crash}`)).claimIds(9)).toEqual(ids);
          s.clock.advance(LEASE);
          await s.rescue();
        }
        const fresh = await s.add();
        const [one, other] = [await s.worker('one'), await s.worker('other')];
        const claims = await one.claim(9);
        expect(claims.map((claim) => claim.executionId)).toEqual([ids[0], fresh]);
        expect(await s.store.peekQueue('default', 9)).toEqual(ids.slice(1));
        expect(await other.claimIds(9)).toEqual([ids[1]]);
        await one.complete(claims[0]!);
        expect(await one.claimIds(9)).toEqual([ids[2]]);
        s.clock.advance(LEASE);
        await s.rescue();
        expect(await s.statuses(...ids)).toEqual(['COMPLETED', 'FAILED', 'FAILED', 'PENDING']);
        expect(await s.status(fresh)).toBe('PENDING');
      }),
    );

    it(
      'is ended in bounded steps',
      withFixture(async (s) => {
        const ids = await s.addMany(RESCUE_PER_STEP + 20);
        await (await s.worker()).claim(250);
        s.clock.advance(LEASE);
        expect(await s.store.rescue(RESCUE_PER_STEP)).toEqual({ done: RESCUE_PER_STEP, more: true });
        expect(await s.store.rescue(RESCUE_PER_STEP)).toMatchObject({ done: 20 });
        expect(new Set(await s.store.peekQueue('default', 250))).toEqual(new Set(ids));
        expect((await s.store.queueSizes('default'))[TaskPriority.NORMAL]).toBe(ids.length);
      }),
    );

    it(
      'does not affect other workers',
      withFixture(async (s) => {
        const [a, b] = await s.addMany(2);
        const [one, two] = [await s.worker('w1'), await s.worker('w2')];
        await one.claimOne(a);
        const claim = await two.claimOne(b);
        s.clock.advance(LEASE - 1);
        await two.beat(claim);
        s.clock.advance(1);
        await s.rescue();
        expect(await s.statuses(a!, b!)).toEqual(['PENDING', 'RUNNING']);
        expect((await s.store.listWorkers()).map((worker) => worker.workerId)).toEqual(['w2']);
      }),
    );
  });

  describe('an execution that no worker of its queue can run', () => {
    it(
      'is moved out of the way, reports it, and uses no attempt',
      withFixture(async (s) => {
        const id = await s.add({ taskId: 'nightly' });
        const other = await s.add({ taskId: 'plain' });
        const worker = await s.worker('w1', { tasks: ['plain'] });
        expect(await worker.claimIds(9)).toEqual([other]);
        expect(await s.get(id)).toMatchObject({
          status: 'PENDING',
          attempts: [],
          waitingFor: { kind: 'handler', handler: { taskId: 'nightly', funcPath: 'app.tasks.nightly' } },
        });
        expect((await s.stats()).counters.started).toBe(1);
      }),
    );

    it(
      'is claimed first at equal priority by a worker that can run it',
      withFixture(async (s) => {
        const [a, b] = await s.addMany(2, { taskId: 'nightly' });
        await (await s.worker('w1', { tasks: ['plain'] })).claim(9);
        const later = await s.add({ taskId: 'plain' });
        const better = await s.add({ taskId: 'plain', priority: TaskPriority.HIGH });
        const able = await s.worker('w2');
        expect(await able.claimIds(9)).toEqual([better, a, b, later]);
      }),
    );

    it(
      'can be cancelled there',
      withFixture(async (s) => {
        const id = await s.add({ taskId: 'nightly' });
        await (await s.worker('w1', { tasks: ['plain'] })).claim(9);
        expect(await s.store.cancel(id, 0)).toMatchObject({ is: 'CANCELLED' });
        expect(await (await s.worker('w2')).claim(9)).toEqual([]);
        expect(await s.status(id)).toBe('CANCELLED');
      }),
    );

    it(
      'needs no definition in the store',
      withFixture(async (s) => {
        const id = await s.add({ taskId: 'brand-new', executionId: nextId() });
        const worker = await s.worker('w1', { tasks: ['brand-new'] });
        expect((await worker.claimOne(id)).taskId).toBe('brand-new');
      }),
    );
  });
}
