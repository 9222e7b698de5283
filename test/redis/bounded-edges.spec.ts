import { beforeEach, describe, expect, it } from '@jest/globals';
import { edgeTo, edgeToNewest, newExecution } from '../contract/fixtures.js';
import { expectBounded, repeatWhenSlow, type Measured } from './script-times.js';
import { redisSuite } from './suites.js';

const ROUNDS = 3;
const MANY = 9_999;

repeatWhenSlow();

describe('thousands of edges are moved on Redis by scripts of bounded time', () => {
  const redis = redisSuite();
  let m: Measured;

  beforeEach(async () => {
    m = await redis.measured();
  });

  const edgesTo = (ids: readonly string[]) => ids.map((id, i) => edgeTo(id, 'success', { ref: `u${i}` }));
  const wait = async (upstreams: readonly string[]): Promise<string> => {
    const [id] = await m.store.enqueue([newExecution({ edges: edgesTo(upstreams) })]);
    return id!;
  };

  it('when their dependent is reopened', async () => {
    const upstreams = await m.s.addMany(MANY);
    const id = await wait(upstreams);
    const reopened = await m.slowestOf(ROUNDS, async () => {
      await m.store.cancel(id, 0);
      await m.s.maintain();
      expect(await m.store.reopen(id)).toMatchObject({ is: 'PENDING' });
      await m.s.maintain();
    });
    expect(await m.s.waitingFor(id)).toBe('dependencies');
    expect((await m.s.stats()).waitingForDependencies).toBe(1);
    expectBounded({ reopened });
  }, 120_000);

  it('when a SKIPPED dependent returns because its upstream is reopened', async () => {
    const upstreams = await m.s.addMany(MANY);
    const id = await wait(upstreams);
    const worker = await m.s.worker();
    const back = await m.slowestOf(ROUNDS, async (round) => {
      await worker.fail(await worker.claimOne(upstreams[round]));
      await m.s.maintain();
      expect(await m.s.status(id)).toBe('SKIPPED');
      await m.store.reopen(upstreams[round]!);
      await m.s.maintain();
      expect(await m.s.status(id)).toBe('PENDING');
      await m.store.cancel(upstreams[round]!, 0);
      await m.s.maintain();
      await m.store.reopen(id);
      await m.s.maintain();
    });
    expect(await m.s.waitingFor(id)).toBe('dependencies');
    expectBounded({ back });
  }, 120_000);

  it('when a dependent does not return because another upstream has failed', async () => {
    const upstreams = await m.s.addMany(500);
    const joins = await Promise.all(Array.from({ length: 100 }, () => wait(upstreams)));
    const worker = await m.s.worker();
    const claims = await worker.claim(2);
    for (const claim of claims) await worker.fail(claim);
    await m.s.maintain();
    const asked = await m.slowestOf(ROUNDS, async () => {
      await m.store.reopen(upstreams[0]!);
      await m.s.maintain();
      await worker.fail(await worker.claimOne());
      await m.s.maintain();
    });
    expect(await m.s.status(joins[99]!)).toBe('SKIPPED');
    expectBounded({ asked });
  }, 120_000);

  it('when the execution that they wait for is created', async () => {
    const waiting: string[][] = [];
    for (let round = 0; round < ROUNDS; round++)
      waiting.push(await m.s.addMany(10_000, { taskId: `child`, edges: [edgeToNewest('parent')], queue: 'behind' }));
    const worker = await m.s.worker();
    const came = await m.slowestOf(1, async () => {
      await m.s.add({ taskId: 'parent' });
      await m.s.maintain();
    });
    await worker.complete(await worker.claimOne());
    await m.s.maintain();
    expect(await m.store.queueSizes('behind')).toEqual([0, 0, 10_000 * ROUNDS, 0, 0]);
    expectBounded({ came });
  }, 240_000);
});
