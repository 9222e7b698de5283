import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Effect } from '../../libs/scheduler/src/core/effects.js';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { HOUR } from '../contract/fixtures.js';
import { expectBounded, type Measured } from './script-times.js';
import { redisSuite } from './suites.js';

const MANY = 20_000;
const PLANTED_AT_ONCE = 1_000;
const ROUNDS = 3;
/** Of everything that has a deadline one for each number, a day from now. */
const PLANT = `
local root, from, to, now = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(redis.call('TIME')[1]) * 1000
local call = redis.call
for i = from, to do
  local id, at = 'x' .. i, now + 86400000 + i
  local member = string.format('%012d:%s', i, id)
  for _, key in ipairs({ 'dl', 'et', 'lw', 'ex', 'gr', 'bd', 'in', 'lx' }) do
    call('ZADD', root .. key, at, member)
  end
  call('HSET', root .. 's', id, cmsgpack.pack({ pl = 'delayed', dt = i % 2 == 0 and 1 or nil }))
  call('HSET', root .. 'l', id, cmsgpack.pack({ order = i, token = i, at = at, handle = 'h' }))
  call('HSET', root .. 'lh', 'h2|' .. id, cmsgpack.pack({ ttl = 1000, deadline = at, askedAt = at }))
  call('ZADD', root .. 'sd', at, id)
end
return to`;

class SteppingStore extends RedisTaskStore {
  followForward(by: number): Promise<number> {
    return this.commitRepeatable<number>('followForward', by);
  }
}

describe('a step of the clock with many deadlines', () => {
  const redis = redisSuite();
  let m: Measured;
  let store: SteppingStore;
  let namespaces = 0;
  let root: string;
  let effects: Effect[];

  beforeEach(async () => {
    m = await redis.measured();
    const namespace = `steps${++namespaces}`;
    root = `{${namespace}}:`;
    const { testClock: _, ...settings } = redis.settings(namespace, new ManualClock());
    store = await redis.open(new SteppingStore(settings));
    for (let from = 1; from <= MANY; from += PLANTED_AT_ONCE)
      await redis.command('EVAL', PLANT, '1', root, `${from}`, `${from + PLANTED_AT_ONCE - 1}`);
    await redis.command('COPY', `${root}sd`, `${root}planted`);
    await promoteAll();
    effects = [];
    store.subscribe((each) => effects.push(...each));
  }, 60_000);

  async function promoteAll(): Promise<void> {
    while ((await store.promote(PROMOTE_PER_STEP)).more);
  }

  const moveTime = async (by: number): Promise<void> => {
    const { now } = await store.stats();
    await redis.command('HSET', `${root}m`, 'hwm', `${now + by}`);
  };

  it('back is handled by scripts of bounded time', async () => {
    const ms = await m.slowestOf(ROUNDS, async () => {
      await redis.command('COPY', `${root}planted`, `${root}sd`, 'REPLACE');
      await moveTime(2 * HOUR);
      await promoteAll();
      const { now } = await store.stats();
      expect(await redis.command('ZCOUNT', `${root}sd`, '-inf', `${now}`)).toBe(`:${MANY}`);
    });
    expect(effects.filter((each) => each.kind === 'clockStep')).toHaveLength(m.rounds);
    expectBounded({ back: ms });
  }, 60_000);

  it('forward is handled by scripts of bounded time', async () => {
    const ms = await m.slowestOf(ROUNDS, async () => {
      await moveTime(-2 * HOUR);
      expect(await store.followForward(2 * HOUR)).toBe(1);
      await promoteAll();
    });
    expect(effects.filter((each) => each.kind === 'clockStep')).toHaveLength(m.rounds);
    expectBounded({ forward: ms });
  }, 60_000);
});
