import { afterEach, describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import type { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { helloOf, lockOn, newExecution, taskRecordOf } from '../contract/fixtures.js';
import { Worker } from '../contract/worker.js';
import { openRedisOn } from '../support/open-redis.js';
import { suiteServer } from '../support/suite-server.js';

const server = suiteServer();
const opened: Awaited<ReturnType<ReturnType<typeof openRedisOn>>>[] = [];

afterEach(async () => {
  for (const { close } of opened.splice(0)) await close();
});

/** A store whose worker has requested claims and got none, and the claims that it gets directly. */
async function openIdle(slots = 5) {
  const fixture = await openRedisOn(server)();
  const store = fixture.store as RedisTaskStore;
  const taken: Claim[] = [];
  const leave = store.onDispatch('w1', (claim) => void taken.push(claim));
  opened.push({
    ...fixture,
    close: () => {
      leave();
      return fixture.close();
    },
  });
  await store.register(helloOf('w1'));
  const request = { workerId: 'w1', pipeline: 0, settlements: [], demand: slots, dispatchSlots: slots };
  await store.exchange({ ...request, sequence: 1 });
  const statuses = async (ids: readonly string[]) =>
    Promise.all(ids.map(async (id) => (await store.getExecution(id))?.status));
  return { store, taken, leave, request, statuses };
}

async function published(work: () => Promise<unknown>): Promise<number> {
  await server().command('CONFIG', 'RESETSTAT');
  await work();
  return Number(/cmdstat_publish:calls=(\d+)/.exec(await server().command('INFO', 'commandstats'))?.[1] ?? 0);
}

describe('a process that enqueues while its own worker is idle', () => {
  it('has the claims before the call returns, without a message', async () => {
    const { store, taken, statuses } = await openIdle();
    const batch = [newExecution({ payload: '{"a":"|"}' }), newExecution()];
    expect(await published(() => store.enqueue(batch))).toBe(0);
    const ids = batch.map(({ executionId }) => executionId);
    expect(taken.map(({ executionId }) => executionId)).toEqual(ids);
    expect(await statuses(ids)).toEqual(['RUNNING', 'RUNNING']);
  });

  it('has what an exchange would return, and the store what it would leave', async () => {
    const [direct, other] = [await openIdle(), await openIdle()];
    const batch = [newExecution({ payload: '{"a":"|"}' }), newExecution({ priority: 0 })];
    const earlier = newExecution({ queue: 'other' });
    for (const { store } of [direct, other]) await store.enqueue([earlier]);
    await direct.store.enqueue(batch);
    other.leave();
    await server().command('HDEL', `{${other.store['settings'].namespace}}:wi`, 'w1');
    await other.store.enqueue(batch);
    const { claims } = await other.store.exchange({ ...other.request, sequence: 2 });
    const byId = (list: readonly Claim[]) => [...list].sort((a, b) => (a.executionId < b.executionId ? -1 : 1));
    expect(byId(direct.taken)).toEqual(byId(claims));
    expect(await direct.store.dump()).toEqual(await other.store.dump());
    const settlements = direct.taken.map((claim) => settle.complete(claim, '1'));
    for (const { store, request } of [direct, other])
      expect((await store.exchange({ ...request, sequence: 3, settlements })).settled).toEqual(['applied', 'applied']);
    expect(await direct.store.dump()).toEqual(await other.store.dump());
  });

  it('has none while others are ready before', async () => {
    const { store, taken, statuses } = await openIdle(2);
    const ids = await store.enqueue([newExecution(), newExecution(), newExecution()]);
    ids.push(...(await store.enqueue([newExecution()])));
    expect(taken).toEqual([]);
    expect(await statuses(ids)).toEqual(ids.map(() => 'PENDING'));
  });

  it.each<[string, (store: RedisTaskStore) => Promise<unknown>, Partial<ReturnType<typeof newExecution>>]>([
    ['its queue is paused', (store) => store.pauseQueue('default'), {}],
    ['a queue has limits', (store) => store.configureQueue('other', { rateLimit: null, concurrency: 1 }), {}],
    ['its worker serves another queue', () => Promise.resolve(), { queue: 'other' }],
    ['its worker has no handler', () => Promise.resolve(), { taskId: 'unknown' }],
    ['it is delayed', () => Promise.resolve(), { delay: 1000 }],
    ['it needs a lock', () => Promise.resolve(), { lock: lockOn('key') }],
    ['its worker leaves', (store) => store.drain('w1'), {}],
  ])('has no claim if %s', async (_, before, overrides) => {
    const { store, taken, statuses } = await openIdle();
    await before(store);
    const ids = await store.enqueue([newExecution(overrides)]);
    expect(taken).toEqual([]);
    expect(await statuses(ids)).toEqual(['PENDING']);
  });

  it('has the same claims if the reply was lost and the request is repeated', async () => {
    const { store, taken, statuses } = await openIdle();
    const run = store['connection'].run.bind(store['connection']);
    store['connection'].run = async (name, ...rest) => {
      const reply = await run(name, ...rest);
      return name === 'enqueue' ? run(name, ...rest) : reply;
    };
    const [id] = await store.enqueue([newExecution()]);
    expect(taken).toMatchObject([{ executionId: id, leaseToken: 1 }]);
    expect(await statuses([id!])).toEqual(['RUNNING']);
    expect((await store.stats()).byStatus).toMatchObject({ RUNNING: 1, PENDING: 0 });
  });

  it('drops the claims if its worker left meanwhile, and they are ready again', async () => {
    const { store, taken, leave, statuses } = await openIdle();
    const run = store['connection'].run.bind(store['connection']);
    store['connection'].run = async (name, ...rest) => {
      const reply = await run(name, ...rest);
      if (name === 'enqueue') {
        leave();
        await store.drain('w1');
        await store.deregister('w1');
      }
      return reply;
    };
    const ids = await store.enqueue([newExecution()]);
    expect(taken).toEqual([]);
    expect(await statuses(ids)).toEqual(['PENDING']);
  });
});

describe('a run that was dispatched and has not arrived', () => {
  /** A run that `w1` does not start. */
  async function lostDispatch() {
    const { store, statuses } = await openIdle();
    const [id] = await store.enqueue([newExecution()]);
    expect(await statuses([id!])).toEqual(['RUNNING']);
    return { store, id: id! };
  }

  /** The first heartbeat of `w1` for which it should have arrived. */
  async function beat(store: RedisTaskStore, id: string): Promise<void> {
    await server().command('HSET', `{${store['settings'].namespace}}:ha`, id, 'w1|0');
    await new Worker(store, 'w1').beat();
  }

  it('ends as cancelled if it was cancelled meanwhile', async () => {
    const { store, id } = await lostDispatch();
    await store.cancel(id, 60_000);
    await beat(store, id);
    expect(await store.getExecution(id)).toMatchObject({ status: 'CANCELLED', reason: 'CANCELLED' });
  });

  it('ends as cancelled if its task was unregistered meanwhile', async () => {
    const { store, id } = await lostDispatch();
    await store.putTasks([taskRecordOf('plain')]);
    await store.removeTask('plain');
    await beat(store, id);
    expect(await store.getExecution(id)).toMatchObject({ status: 'CANCELLED', reason: 'TASK_UNREGISTERED' });
  });
});
