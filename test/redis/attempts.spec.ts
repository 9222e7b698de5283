import { beforeEach, describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { ATTEMPTS_KEPT } from '../../libs/scheduler/src/core/limits.js';
import { BOOM } from '../contract/fixtures.js';
import type { Worker } from '../contract/worker.js';
import type { Measured } from './script-times.js';
import { redisSuite } from './suites.js';

const STACK = 'x'.repeat(8 * 1024);

/** Gives a row an attempt in the form of an earlier release, which kept attempts in it. */
const WITH_OLD_ATTEMPT = `
local row = cmsgpack.unpack(redis.call('HGET', KEYS[1], ARGV[1]))
row.ac = nil
row.ats = { { 1, 1000, 2000, 'old worker', 'FAILED', '{"name":"Error","message":"old","stack":null,"code":null}' } }
redis.call('HSET', KEYS[1], ARGV[1], cmsgpack.pack(row))
redis.call('DEL', KEYS[2])`;

describe('attempts on Redis', () => {
  const redis = redisSuite();
  let m: Measured;
  let worker: Worker;
  let root: string;
  let id: string;

  const fail = async (message = 'boom'): Promise<void> => {
    await worker.settle(settle.retry(await worker.claimOne(id), { ...BOOM, message, stack: STACK }, 0));
  };
  const messages = async (): Promise<(string | undefined)[]> =>
    (await m.s.get(id)).attempts.map(({ error }) => error?.message);

  beforeEach(async () => {
    m = await redis.measured();
    worker = await m.s.worker();
    id = await m.s.add();
    root = m.store['root'];
  });

  it('are not part of the state, which each settlement and claim reads and writes', async () => {
    for (let run = 1; run <= 5; run++) await fail();
    expect(Number((await redis.command('HSTRLEN', `${root}s`, id)).replace(/\D/g, ''))).toBeLessThan(500);
    expect((await m.s.get(id)).attempts.map(({ error }) => error!.stack!.length)).toEqual(Array(5).fill(STACK.length));
  });

  it('are the newest only', async () => {
    for (let run = 1; run <= ATTEMPTS_KEPT + 3; run++) await fail(`run ${run}`);
    const kept = Array.from({ length: ATTEMPTS_KEPT }, (_, i) => `run ${i + 4}`);
    expect(await messages()).toEqual(kept);
  });

  it('of an earlier release, in the state, are shown, and move into the list with the next one', async () => {
    await fail();
    await redis.command('EVAL', WITH_OLD_ATTEMPT, '2', `${root}s`, `${root}at:${id}`, id);
    expect(await messages()).toEqual(['old']);
    await fail('new');
    expect(await messages()).toEqual(['old', 'new']);
    await worker.complete(await worker.claimOne(id));
    expect((await m.s.get(id)).attempts.map(({ outcome }) => outcome)).toEqual(['FAILED', 'FAILED', 'COMPLETED']);
  });
});
