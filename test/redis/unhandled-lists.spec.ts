import { describe, expect, it } from '@jest/globals';
import { taskRecordOf, newExecution } from '../contract/fixtures.js';
import type { StoreFixture } from '../contract/store-fixture.js';
import { fixtureSuite, type Redis } from './fixture-suite.js';
import { redisSuite } from './suites.js';

const play = fixtureSuite();
const queues = ['closed', 'open'];

/** Adds executions, which a worker without their handler refuses. */
async function addUnhandled(s: StoreFixture, count: number, queue: string): Promise<string[]> {
  const ids = await s.addMany(count, { taskId: 'nightly', queue });
  const unable = await s.worker('unable', { queues, tasks: ['plain'] });
  while ((await unable.exchange({ demand: 250 })).more);
  return ids;
}

/** As stored by a release without lists of queues. */
async function toEarlier(redis: Redis): Promise<void> {
  for (const key of ['ui', ...queues.map((each) => `ul:${each}`), 'uq:6:closed:2|nightly', 'uq:4:open:2|nightly'])
    await redis('DEL', key);
}

describe('executions refused by workers without their handler, of a release without lists of queues', () => {
  it('are found behind many of a paused queue, also if others are added to them', () =>
    play(async (s, redis) => {
      const closed = await addUnhandled(s, 450, 'closed');
      const open = await addUnhandled(s, 2, 'open');
      await toEarlier(redis);
      const later = await addUnhandled(s, 1, 'open');
      await s.store.pauseQueue('closed');
      const able = await s.worker('able', { queues });
      const found: string[] = [];
      for (let i = 0; i < 6; i++) found.push(...(await able.claimIds(9)));
      expect(found.sort()).toEqual([...open, ...later].sort());
      await s.store.resumeQueue('closed');
      expect([...(await able.claimIds(250)), ...(await able.claimIds(250))]).toEqual(closed);
      for (const key of ['ut', 'ui', 'ul:closed', 'ul:open', 'u:nightly:2'])
        expect(await redis('EXISTS', key)).toBe(':0');
    }));

  it('are skipped if that release has claimed them, or they are gone', () =>
    play(async (s, redis) => {
      const [claimed, gone, waits] = await addUnhandled(s, 3, 'open');
      const able = await s.worker('able', { queues });
      await able.complete(await able.claimOne(claimed));
      await redis('ZADD', 'uq:4:open:2|nightly', '0', claimed!);
      await redis('HDEL', 'x', gone!);
      expect(await able.claimIds(9)).toEqual([waits]);
      for (const key of ['ut', 'ui', 'ul:open', 'uq:4:open:2|nightly', 'u:nightly:2'])
        expect(await redis('EXISTS', key)).toBe(':0');
    }));
});

describe('executions of very many tasks without their handler', () => {
  const redis = redisSuite();
  const names = Array.from({ length: 2_000 }, (_, i) => `t${i}`);

  it('cost a worker few commands, whether or not it can run them, and are found in their order', async () => {
    const { s, store } = await redis.measured();
    const commandsOf = async (work: () => Promise<unknown>): Promise<number> => {
      await redis.command('CONFIG', 'RESETSTAT');
      await work();
      const stats = await redis.command('INFO', 'commandstats');
      return [...stats.matchAll(/cmdstat_[^:]*:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
    };
    const ids: string[] = [];
    for (let i = 0; i < names.length; i += 500) {
      const part = names.slice(i, i + 500);
      await store.putTasks(part.map((taskId) => taskRecordOf(taskId)));
      ids.push(...(await store.enqueue(part.map((taskId) => newExecution({ taskId })))));
    }
    const unable = await s.worker('unable', { tasks: ['plain'] });
    while ((await unable.exchange({ demand: 250 })).more);
    expect(await commandsOf(() => unable.exchange({ demand: 250 }))).toBeLessThan(60);
    const able = await s.worker('able', { tasks: names });
    const found: string[] = [];
    expect(await commandsOf(async () => found.push(...(await able.claimIds(1))))).toBeLessThan(400);
    while (found.length < 501) found.push(...(await able.claimIds(50)));
    expect(found).toEqual(ids.slice(0, 501));
    const choosy = await s.worker('choosy', { tasks: ['t1999'] });
    expect(await choosy.claimIds(9)).toEqual([ids[1_999]]);
    expect((await s.stats()).waitingForHandler).toBe(1_498);
  });
});
