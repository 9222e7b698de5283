import { describe, expect, it } from '@jest/globals';
import { PROMOTE_PER_STEP, UNDECLARED_MS } from '../../libs/scheduler/src/core/limits.js';
import { type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function pauseContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('pause', () => {
    it(
      'stops claims from its queue only, until it is resumed',
      withFixture(async (s) => {
        const paused = await s.add({ queue: 'paused' });
        const open = await s.add({ queue: 'open' });
        const worker = await s.worker('w1', { queues: ['paused', 'open'] });
        await s.store.pauseQueue('paused');
        expect(await worker.claimIds(9)).toEqual([open]);
        expect((await s.get(paused)).waitingFor).toMatchObject({ kind: 'paused', queue: 'paused' });
        await s.store.resumeQueue('paused');
        expect(await s.waitingFor(paused)).toBe('queue');
        expect(await worker.claimIds(9)).toEqual([paused]);
      }),
    );

    it(
      'stops neither promotions into the queue nor runs',
      withFixture(async (s) => {
        await s.add();
        const worker = await s.worker();
        const claim = await worker.claimOne();
        await s.store.pauseQueue('default');
        await s.add({ delay: 1_000 });
        await s.advance(1_000);
        expect(await s.store.queueSizes('default')).toEqual([0, 0, 1, 0, 0]);
        expect(await worker.complete(claim)).toBe('applied');
        expect(await worker.claim(9)).toEqual([]);
      }),
    );

    it(
      'is reported once, and shown in the stats',
      withFixture(async (s) => {
        await s.add();
        await s.store.pauseQueue('default');
        expect((await s.stats()).queues).toMatchObject([
          { queue: 'default', paused: true, byPriority: [0, 0, 1, 0, 0] },
        ]);
        await s.store.resumeQueue('default');
        expect((await s.stats()).queues).toMatchObject([{ queue: 'default', paused: false }]);
        expect(s.effectsOf('queue').map((effect) => effect.transition)).toEqual(['paused', 'resumed']);
        const resumed = s.effects.findIndex((effect) => effect.kind === 'queue' && effect.transition === 'resumed');
        expect(s.effects.slice(resumed - 1)).toContainEqual({ kind: 'ready', queue: 'default' });
      }),
    );
  });

  describe('limits of a queue', () => {
    it(
      'limit the runs of all workers together',
      withFixture(async (s) => {
        await s.store.configureQueue('default', { rateLimit: null, concurrency: 2 });
        const ids = await s.addMany(5);
        const [one, two] = [await s.worker('w1'), await s.worker('w2')];
        const [first] = await one.claim(1);
        expect(await two.claimIds(9)).toEqual([ids[1]]);
        expect(await one.claim(9)).toEqual([]);
        expect(await s.waitingFor(ids[2]!)).toBe('limit');
        await one.complete(first!);
        expect(await two.claimIds(9)).toEqual([ids[2]]);
        await s.store.configureQueue('default', { rateLimit: null, concurrency: null });
        expect(await two.claimIds(9)).toEqual(ids.slice(3));
      }),
    );

    it(
      'limit the starts in a time span',
      withFixture(async (s) => {
        await s.store.configureQueue('default', { rateLimit: { max: 2, per: 1_000 }, concurrency: null });
        const ids = await s.addMany(5);
        const worker = await s.worker();
        expect(await worker.claimIds(9)).toEqual(ids.slice(0, 2));
        await s.advance(500);
        expect(await worker.claim(9)).toEqual([]);
        expect(await s.waitingFor(ids[2]!)).toBe('limit');
        await s.advance(500);
        expect(await worker.claimIds(9)).toEqual(ids.slice(2, 4));
        await s.advance(1_000);
        expect(await worker.claimIds(9)).toEqual(ids.slice(4));
      }),
    );

    it(
      'apply from the first start on, in any time span',
      withFixture(async (s) => {
        await s.store.configureQueue('default', { rateLimit: { max: 4, per: 1_000 }, concurrency: null });
        const worker = await s.worker();
        // A claim from the empty queue does not start the span.
        expect(await worker.claim(9)).toEqual([]);
        await s.advance(900);
        const ids = await s.addMany(12);
        expect(await worker.claimIds(1)).toEqual(ids.slice(0, 1));
        await s.advance(90);
        expect(await worker.claimIds(9)).toEqual(ids.slice(1, 4));
        await s.advance(20);
        expect(await worker.claim(9)).toEqual([]);
        await s.advance(890);
        expect(await worker.claimIds(9)).toEqual(ids.slice(4, 5));
        await s.advance(89);
        expect(await worker.claim(9)).toEqual([]);
        expect((await s.store.promote(PROMOTE_PER_STEP)).nextDue).toBe(s.now + 1);
        await s.advance(1);
        expect(await worker.claimIds(9)).toEqual(ids.slice(5, 8));
        await s.store.configureQueue('default', { rateLimit: { max: 1, per: 1_000 }, concurrency: null });
        await s.advance(910);
        expect(await worker.claim(9)).toEqual([]);
        await s.advance(90);
        expect(await worker.claimIds(9)).toEqual(ids.slice(8, 9));
      }),
    );

    it(
      'count many starts in bounded state, at most 2 % of the span late',
      withFixture(async (s) => {
        await s.store.configureQueue('default', { rateLimit: { max: 500, per: 1_000 }, concurrency: null });
        await s.addMany(1_500);
        const worker = await s.worker();
        const starts: number[] = [];
        for (const begin = s.now; s.now - begin < 2_500; await s.advance(5)) {
          const claimed = await worker.claim(5);
          starts.push(...claimed.map(() => s.now));
        }
        for (let i = 500; i < starts.length; i++) expect(starts[i]! - starts[i - 500]!).toBeGreaterThanOrEqual(1_000);
        expect(starts.length).toBeGreaterThan(1_200);
      }),
    );

    it(
      'do not limit other queues',
      withFixture(async (s) => {
        await s.store.configureQueue('narrow', { rateLimit: null, concurrency: 1 });
        await s.addMany(2, { queue: 'narrow', priority: 0 });
        const other = await s.add({ queue: 'wide' });
        const worker = await s.worker('w1', { queues: ['narrow', 'wide'] });
        const claimed = await worker.claimIds(9);
        expect(claimed).toHaveLength(2);
        expect(claimed).toContain(other);
      }),
    );

    it(
      'are shown, and removed when the app has not declared them for ten minutes',
      withFixture(async (s) => {
        const [narrow, slow] = [
          { rateLimit: null, concurrency: 1 },
          { rateLimit: { max: 2, per: 1_000 }, concurrency: null },
        ];
        const limits = async () =>
          Object.fromEntries((await s.stats()).queues.map(({ queue, limits }) => [queue, limits]));
        await s.store.configureQueue('narrow', narrow, 'app');
        await s.store.configureQueue('slow', slow, 'app');
        await s.store.configureQueue('other', narrow, 'another app');
        await s.store.configureQueue('manual', slow);
        const others = { other: { ...narrow, declaredBy: 'another app' }, manual: { ...slow, declaredBy: null } };
        expect(await limits()).toEqual({
          ...others,
          narrow: { ...narrow, declaredBy: 'app' },
          slow: { ...slow, declaredBy: 'app' },
        });
        await s.attend(UNDECLARED_MS - 1);
        expect(await s.store.declareQueues('app', ['slow'], false)).toEqual([]);
        await s.advance(1);
        expect(await s.store.declareQueues('app', ['slow'], false)).toEqual(['narrow']);
        expect(await limits()).toEqual({ ...others, narrow: null, slow: { ...slow, declaredBy: 'app' } });
        expect(await s.store.declareQueues('app', ['slow', 'no such queue'], false)).toEqual([]);
        expect(await s.store.declareQueues('app', [], true)).toEqual(['slow']);
        expect(await limits()).toEqual({ ...others, narrow: null, slow: null });
      }),
    );

    it(
      'release the queue when they are cleared',
      withFixture(async (s) => {
        await s.store.configureQueue('default', { rateLimit: null, concurrency: 1 }, 'app');
        const ids = await s.addMany(3);
        const worker = await s.worker();
        expect(await worker.claimIds(9)).toEqual(ids.slice(0, 1));
        await s.store.declareQueues('app', [], true);
        expect(await worker.claimIds(9)).toEqual(ids.slice(1));
      }),
    );
  });

  describe('work that no live worker can claim', () => {
    it(
      'is in the stats: queues without a worker, tasks without a handler',
      withFixture(async (s) => {
        await s.add({ queue: 'open' });
        await s.add({ queue: 'closed' });
        await s.add({ queue: 'open', taskId: 'unknown' });
        const served = async () =>
          Object.fromEntries((await s.stats()).queues.map(({ queue, served }) => [queue, served]));
        expect(await served()).toEqual({ open: false, closed: false });
        const worker = await s.worker('w1', { queues: ['open'] });
        expect(await worker.claim(9)).toHaveLength(1);
        expect(await served()).toEqual({ open: true, closed: false });
        expect((await s.stats()).unhandledTasks).toEqual(['unknown']);
        await s.store.drain('w1');
        expect(await served()).toEqual({ open: false, closed: false });
        const other = await s.worker('w2', { queues: ['open', 'closed'], tasks: ['plain', 'unknown'] });
        expect(await other.claim(9)).toHaveLength(2);
        expect(await served()).toEqual({ open: true, closed: true });
        expect((await s.stats()).unhandledTasks).toEqual([]);
      }),
    );
  });
}
