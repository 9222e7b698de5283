import { beforeEach, describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import type { NewExecution } from '../../libs/scheduler/src/core/commands.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { newExecution } from '../contract/fixtures.js';
import type { Worker } from '../contract/worker.js';
import { expectBounded, repeatWhenSlow, type Measured } from './script-times.js';
import { redisSuite } from './suites.js';

const ROUNDS = 3;
const LARGE = JSON.stringify('x'.repeat(240 * 1024));

/** Limits of so many runs, and none. */
const runs = (concurrency: number) => ({ rateLimit: null, concurrency });
const NONE = { rateLimit: null, concurrency: null };

repeatWhenSlow();

describe('the runs of a queue that gets its first limits are counted on Redis by scripts of bounded time', () => {
  const redis = redisSuite();
  let m: Measured;

  beforeEach(async () => {
    m = await redis.measured();
  });

  /** A worker runs this number of a queue. */
  async function run(worker: Worker, count: number, more: Partial<NewExecution> = {}): Promise<Claim[]> {
    for (let left = count; left > 0; left -= 1_000) await m.s.addMany(Math.min(left, 1_000), more);
    return worker.claimAll(count);
  }

  /** How many more can be claimed from the queue, at most `demand`. */
  async function room(worker: Worker, demand: number): Promise<number> {
    const claims = await worker.claim(demand);
    await worker.settle(...claims.map((claim) => settle.release(claim)));
    return claims.length;
  }

  it('of many workers', async () => {
    const ids = ['w1', 'w2', 'w3', 'w4'];
    const workers = await Promise.all(ids.map((id) => m.s.worker(id)));
    for (const worker of workers) await run(worker, 5_000);
    const limited = await m.slowestOf(ROUNDS, async () => {
      await m.store.configureQueue('default', NONE);
      await m.store.configureQueue('default', runs(20_003));
    });
    await m.s.addMany(10);
    expect(await room(workers[0]!, 10)).toBe(3);
    expectBounded({ limited });
  }, 120_000);

  it('with large payloads', async () => {
    const worker = await m.s.worker();
    for (let i = 0; i < 400; i += 10) await run(worker, 10, { payload: LARGE });
    const limited = await m.slowestOf(ROUNDS, async () => {
      await m.store.configureQueue('default', NONE);
      await m.store.configureQueue('default', runs(402));
    });
    await m.s.addMany(10);
    expect(await room(worker, 10)).toBe(2);
    expectBounded({ limited });
  }, 120_000);

  /** Runs a script without the later steps of the store, as if its process had ended there. */
  const configureOnly = (queue: string, concurrency: number): Promise<number> =>
    m.store['commit']('configureQueue', queue, '', '', '', concurrency);
  const countOnce = (): Promise<number> => m.store['commitRepeatable']('countRuns');

  it('exactly, while runs start and end; nothing is claimed until then', async () => {
    const first = await m.s.worker('w1');
    const second = await m.s.worker('w2');
    const claims = [...(await run(first, 2_500)), ...(await run(second, 2_500))];
    const owner = (i: number): Worker => (i < 2_500 ? first : second);
    expect(await configureOnly('default', 4_000)).toBe(0);
    await m.s.addMany(2_000);
    // An earlier release reads the stored number of runs, and considers the queue full.
    const stored = "return cmsgpack.unpack(redis.call('HGET', KEYS[1], 'default')).running";
    const { namespace } = m.store['settings'];
    expect(await redis.command('EVAL', stored, '1', `{${namespace}}:q`)).toMatch(/^:10000\d{5}\s*$/);
    let ended = 0;
    const settleSome = async (): Promise<void> => {
      // Of both workers, so of counted runs and of uncounted ones.
      for (const i of [ended, 4_999 - ended, 2_499 - ended, 2_500 + ended]) await owner(i).complete(claims[i]!);
      ended += 1;
    };
    while ((await countOnce()) === 0) {
      expect(await first.claim(10)).toEqual([]);
      for (let i = 0; i < 100; i++) await settleSome();
    }
    expect(ended).toBeGreaterThanOrEqual(300);
    const running = 5_000 - 4 * ended;
    await m.store.configureQueue('default', runs(running + 7));
    expect(await first.claim(20)).toHaveLength(7);
  }, 60_000);

  it('to the end by maintenance, if the process that has set them is gone', async () => {
    const worker = await m.s.worker();
    await run(worker, 3_000);
    await run(worker, 10, { queue: 'default' });
    expect(await configureOnly('default', 3_012)).toBe(0);
    // Meanwhile another queue gets its first limits, and loses them again, and one that stays.
    await configureOnly('other', 1);
    await configureOnly('third', 1);
    await m.store['commit']('configureQueue', 'other', '', '', '', '');
    await m.s.maintain();
    await m.s.addMany(10);
    expect(await room(worker, 10)).toBe(2);
    const other = await m.s.worker('w2', { queues: ['other', 'third'] });
    await m.s.addMany(3, { queue: 'other' });
    await m.s.addMany(3, { queue: 'third' });
    expect((await other.claim(10)).map(({ queue }) => queue).sort()).toEqual(['other', 'other', 'other', 'third']);
  }, 60_000);

  it('except one that cannot be read', async () => {
    const worker = await m.s.worker();
    const claims = await run(worker, 20);
    const { namespace } = m.store['settings'];
    await redis.command('HSET', `{${namespace}}:run:w1`, claims[3]!.executionId, 'garbage');
    await redis.command('HSET', `{${namespace}}:x`, claims[4]!.executionId, 'garbage');
    await m.store.configureQueue('default', runs(20));
    await m.s.addMany(10);
    expect(await worker.claim(10)).toHaveLength(2);
    await m.s.maintain();
  }, 60_000);

  it('of many queues at a time', async () => {
    const worker = await m.s.worker();
    await run(worker, 2_000);
    for (let i = 0; i < 250; i++) await configureOnly(`q${i}`, 1);
    await configureOnly('default', 2_001);
    await m.s.maintain();
    await m.s.addMany(5);
    expect(await room(worker, 5)).toBe(1);
    const other = await m.s.worker('w2', { queues: ['q0', 'q249'] });
    await m.s.addMany(2, { queue: 'q0' });
    await m.s.addMany(2, { queue: 'q249' });
    expect(await other.claim(4)).toHaveLength(2);
  }, 60_000);
});

describe('declared queues are stored on Redis by scripts of bounded time', () => {
  const redis = redisSuite();
  const limits = { rateLimit: { max: 5, per: 60_000 }, concurrency: null };

  it('and cleared when the app no longer declares them', async () => {
    const m = await redis.measured();
    const names = Array.from({ length: 3_000 }, (_, i) => `q${i}`);
    await Promise.all(names.map((name) => m.store.configureQueue(name, limits, 'app')));
    await m.store.configureQueue('other', limits, 'another app');
    const again = await m.slowestOf(ROUNDS, () => m.store.declareQueues('app', names, false));
    await m.s.attend(5 * 60_000);
    await m.store.declareQueues('app', names.slice(0, 1_000), false);
    await m.s.attend(5 * 60_000);
    let cleared: string[] = [];
    const removed = await m.slowestOf(1, async () => {
      cleared = await m.store.declareQueues('app', [], false);
    });
    expect(new Set(cleared)).toEqual(new Set(names.slice(1_000)));
    const kept = names.slice(0, 10);
    const alone = await m.slowestOf(1, async () => {
      cleared = await m.store.declareQueues('app', kept, true);
    });
    expect(cleared).toEqual(names.slice(10, 1_000).sort());
    expect(await m.store.declareQueues('app', kept, true)).toEqual([]);
    expect((await m.s.stats()).queues.filter((each) => each.limits).map(({ queue }) => queue)).toEqual(
      [...kept, 'other'].sort(),
    );
    expectBounded({ again, removed, alone });
  }, 240_000);
});

describe('on Redis, thousands of queues', () => {
  const redis = redisSuite();
  let m: Measured;

  beforeEach(async () => {
    m = await redis.measured();
  });

  it('are listed in parts, and all of them are counted', async () => {
    for (let from = 0; from < 20_000; from += 200) {
      const batch = Array.from({ length: 200 }, (_, i) => newExecution({ queue: `queue ${from + i}` }));
      await m.store.enqueue(batch);
    }
    m.store.largestReply = 0;
    expect(await m.store.queueSizes()).toEqual([0, 0, 20_000, 0, 0]);
    const { queues } = await m.store.stats();
    expect(new Set(queues.map(({ queue }) => queue)).size).toBe(20_000);
    expect(queues).toHaveLength(20_000);
    expect(m.store.largestReply).toBeLessThan(16 * 1024);
  }, 240_000);

  it('with limits cost maintenance nothing, except those that have capacity again', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `q${i}`);
    const limits = { rateLimit: { max: 1, per: 60_000 }, concurrency: null };
    await Promise.all(names.map((name) => m.store.configureQueue(name, limits)));
    const worker = await m.s.worker('w1', { queues: names.slice(0, 300) });
    const waiting = names.slice(0, 300);
    for (const queue of waiting) await m.s.addMany(2, { queue });
    const claims: Claim[] = [];
    while (claims.length < 300) claims.push(...(await worker.claim(100)));
    const step = () => m.store.promote(200);
    expect((await step()).nextDue).toBe(m.s.now + 60_000);
    const promoted = await m.slowestOf(ROUNDS, step);
    m.s.clock.advance(60_000);
    m.s.effects.length = 0;
    const refilled = await m.slowestOf(1, () => m.s.maintain());
    const woken = m.s.effectsOf('ready').map(({ queue }) => queue);
    expect(new Set(woken)).toEqual(new Set(waiting));
    expect((await step()).nextDue).toBeNull();
    expectBounded({ promoted, refilled });
  }, 240_000);
});
