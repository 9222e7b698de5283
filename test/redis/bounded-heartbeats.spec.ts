import { beforeEach, describe, expect, it } from '@jest/globals';
import { settle, type NewExecution } from '../../libs/scheduler/src/core/commands.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { BOOM, lockOn, newExecution } from '../contract/fixtures.js';
import type { Worker } from '../contract/worker.js';
import { until } from '../support/until.js';
import { expectBounded, repeatWhenSlow, type Measured } from './script-times.js';
import { redisSuite } from './suites.js';

const ROUNDS = 3;
const LARGE = JSON.stringify('x'.repeat(240 * 1024));

repeatWhenSlow();

describe('heartbeats of a worker with many runs are scripts of bounded time on Redis', () => {
  const redis = redisSuite();
  let m: Measured;
  let worker: Worker;

  beforeEach(async () => {
    m = await redis.measured();
    worker = await m.s.worker();
  });

  async function run(count: number, more: Partial<NewExecution> = {}): Promise<Claim[]> {
    for (let left = count; left > 0; left -= 10) await m.s.addMany(Math.min(left, 10), more);
    return worker.claimAll(count);
  }

  /** Heartbeats and renewals; the former report that no run is lost. */
  async function measure(claims: readonly Claim[]): Promise<void> {
    const beats = await m.slowestOf(ROUNDS, async () => {
      expect(await worker.beat(...claims)).toEqual({ known: true, cancelRequested: [], lost: [] });
    });
    const renewals = await m.slowestOf(ROUNDS, () => worker.renew());
    expectBounded({ beats, renewals });
  }

  it('with large payloads', async () => {
    await measure(await run(400, { payload: LARGE, timeout: 3_600_000 }));
  }, 120_000);

  it('that have failed before with long errors', async () => {
    const error = { ...BOOM, message: 'x'.repeat(4 * 1024), stack: 'x'.repeat(8 * 1024) };
    let claims = await run(400);
    for (let attempt = 0; attempt < 9; attempt++) {
      for (let from = 0; from < 400; from += 100)
        await worker.settle(...claims.slice(from, from + 100).map((claim) => settle.retry(claim, error, 0)));
      claims = await worker.claimAll(400);
    }
    await measure(claims);
  }, 240_000);

  it('of thousands of runs, all relevant ones of which are found', async () => {
    const claims = await run(3_000);
    const locked: Claim[] = [];
    for (let i = 0; i < 300; i += 10) {
      for (let k = i; k < i + 10; k++) await m.s.add({ lock: lockOn(`lock ${k}`, null, 20_000), payload: LARGE });
      while (locked.length < i + 10) locked.push(...(await worker.claim(10)));
    }
    await worker.complete(claims[7]!);
    await m.store.cancel(claims[2_999]!.executionId, 60_000);
    await m.store.cancel(locked[250]!.executionId, 60_000);
    m.s.clock.advance(10_000);
    const token = ({ executionId, leaseToken }: Claim) => ({ executionId, leaseToken });
    const other = { executionId: locked[3]!.executionId, leaseToken: 7 };
    let reply = await worker.beat();
    const beats = await m.slowestOf(1, async () => {
      reply = await worker.beat(...claims, other, ...locked);
    });
    expect(reply.known).toBe(true);
    expect(new Set(reply.cancelRequested)).toEqual(new Set([token(claims[2_999]!), token(locked[250]!)]));
    expect(reply.lost).toEqual([token(claims[7]!), other]);
    m.s.clock.advance(15_000);
    await m.s.maintain();
    for (const key of ['lock 0', 'lock 299']) expect(await m.store.getLock(key)).toMatchObject({ remaining: 5_000 });
    expectBounded({ beats });
  }, 240_000);

  it('among thousands of claims of other workers', async () => {
    const claims = await run(10);
    const { namespace } = m.store['settings'];
    const plant = "for i = ARGV[1], ARGV[2] do redis.call('HSET', KEYS[1], 'x' .. i, 'other' .. i .. '|1') end";
    for (let i = 0; i < 200_000; i += 5_000)
      await redis.command('EVAL', plant, '1', `{${namespace}}:ha`, `${i}`, `${i + 4_999}`);
    await measure(claims);
    expect(await redis.command('HLEN', `{${namespace}}:ha`)).toBe(':200000');
  }, 120_000);
});

describe('a worker with many runs is inspected by scripts of bounded time on Redis', () => {
  const redis = redisSuite();

  it('when some large runs are prefetched', async () => {
    const m = await redis.measured();
    const worker = await m.s.worker('w1', { maxConcurrentTasks: 390 });
    for (let i = 0; i < 400; i += 10) await m.s.addMany(10, { payload: LARGE });
    const claims = await worker.claimAll(400);
    const shown = await m.slowestOf(ROUNDS, async () => {
      const statuses = await m.s.statuses(...[0, 389, 390, 399].map((i) => claims[i]!.executionId));
      expect(statuses).toEqual(['RUNNING', 'RUNNING', 'PENDING', 'PENDING']);
    });
    expectBounded({ shown });
  }, 120_000);

  it('for runs that take too long', async () => {
    const m = await redis.measured();
    const worker = await m.s.worker();
    for (let i = 0; i < 40; i++) await m.s.addMany(1_000);
    const ids = (await worker.claimAll(40_000)).map(({ executionId }) => executionId);
    const looked = await m.slowestOf(ROUNDS, async () => {
      expect(await m.store.expiredRuns(100)).toEqual([]);
    });
    m.s.clock.advance(3_600_000);
    await m.s.addMany(1);
    const last = await (await m.s.worker('w2')).claimOne();
    const found = (await m.store.expiredRuns(100)).map(({ executionId }) => executionId);
    expect(new Set(found).size).toBe(100);
    expect(ids).toEqual(expect.arrayContaining(found));
    expect(found).not.toContain(last.executionId);
    expectBounded({ looked });
  }, 240_000);
});

describe('heartbeats that return claims which did not reach the worker', () => {
  const redis = redisSuite();

  it('are scripts of bounded time on Redis, and keep the order', async () => {
    const m = await redis.measured({ testClock: undefined });
    const [worker, other] = [await m.s.worker(), await m.s.worker('w2')];
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) ids.push(...(await m.s.addMany(1_000)));
    const claims = await worker.claimAll(4_000);
    const large = Array.from({ length: 100 }, () => newExecution({ payload: LARGE }));
    for (let i = 0; i < 100; i += 10) await m.store.enqueue(large.slice(i, i + 10));
    ids.push(...(await worker.claimAll(100)).map(({ executionId }) => executionId));
    const { now } = await m.store.stats();
    await until(async () => (await m.store.stats()).now > now + 2_100);
    const named = claims.filter((_, i) => i % 8 === 0);
    const beats = await m.slowestOf(1, async () => {
      expect(await worker.beat(...named)).toEqual({ known: true, cancelRequested: [], lost: [] });
    });
    expect(await m.store.stats()).toMatchObject({ byStatus: { PENDING: 3_600, RUNNING: 500 }, returned: 3_600 });
    const again = (await other.claimAll(3_600)).map(({ executionId }) => executionId);
    expect(again).toEqual(ids.filter((_, i) => i >= 4_000 || i % 8 !== 0));
    expectBounded({ beats });
  }, 240_000);
});
