import { afterEach, describe, expect, it } from '@jest/globals';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import type { Effect } from '../../libs/scheduler/src/core/effects.js';
import type { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { helloOf, HOUR, LEASE, newExecution } from '../contract/fixtures.js';
import { openRedisOn } from '../support/open-redis.js';
import { suiteServer } from '../support/suite-server.js';

const server = suiteServer();
const opened: Awaited<ReturnType<ReturnType<typeof openRedisOn>>>[] = [];

afterEach(async () => {
  for (const { close } of opened.splice(0)) await close();
});

/**
 * A store with an idle worker that has requested claims and got none.
 * @param offset ms by which the server's clock has gone back before, negative: forward
 */
async function openIdle(offset = 0) {
  const fixture = await openRedisOn(server)();
  opened.push(fixture);
  const { store } = fixture;
  const { namespace } = (store as RedisTaskStore)['settings'];
  if (offset !== 0) await server().command('HSET', `{${namespace}}:m`, 'offset', `${offset}`);
  await store.register(helloOf('w1'));
  await store.exchange({ workerId: 'w1', pipeline: 0, sequence: 1, settlements: [], demand: 5, dispatchSlots: 5 });
  return fixture;
}

async function commandsOf(work: () => Promise<unknown>): Promise<number> {
  await server().command('CONFIG', 'RESETSTAT');
  await work();
  const stats = await server().command('INFO', 'commandstats');
  const counts = [...stats.matchAll(/cmdstat_(?!config|info|ping)[^:]*:calls=(\d+)/g)].map(([, calls]) =>
    Number(calls),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

describe('a process with nothing to do', () => {
  it('asks with few commands what is due', async () => {
    const { store, clock } = await openIdle();
    const commands = await commandsOf(async () => {
      for (let second = 0; second < 4; second++) {
        clock.advance(1000);
        expect(await store.due()).toMatchObject({ promote: false, schedules: false, rescue: false });
      }
    });
    // The call, the time's mark and which keys exist; every other time leases and the idle worker; at first what runs.
    expect(commands).toBe(4 * 3 + 2 * 3 + 1);
  });

  it('knows when it has to act without a message', async () => {
    const { store, clock } = await openIdle();
    const at = clock.now() + 700;
    await store.enqueue([newExecution({ delay: 700 })]);
    expect(await store.due()).toMatchObject({ promote: false, nextDue: at });
    clock.advance(700);
    expect(await store.due()).toMatchObject({ promote: true });
  });

  it('continues the count of runs that another process has left', async () => {
    await server().command('FLUSHALL');
    const { store } = await openIdle();
    await store.configureQueue('default', { rateLimit: null, concurrency: 1 });
    expect(await store.due()).toMatchObject({ promote: false });
    const queues = /\S+:q$/m.exec(await server().command('KEYS', '*:q'))![0];
    await server().command('SADD', `${queues}u`, 'default');
    expect(await store.due()).toMatchObject({ promote: true });
    while ((await store.promote(10)).more);
    expect(await store.due()).toMatchObject({ promote: false });
  });

  it('gets work dispatched directly as long as it polls', async () => {
    const { store, clock } = await openIdle();
    let take!: (claim: Claim) => void;
    const taken = new Promise<Claim>((resolve) => (take = resolve));
    const end = store.onDispatch('w1', take);
    while (!(await server().command('PUBSUB', 'CHANNELS', '*to:w1')).includes('to:w1'));
    for (let second = 0; second < 5; second++) {
      clock.advance(1000);
      await store.due();
    }
    const [id] = await store.enqueue([newExecution()]);
    expect((await taken).executionId).toBe(id);
    end();
  });

  it('gets none once it stops polling', async () => {
    const { store, clock } = await openIdle();
    const end = store.onDispatch('w1', () => undefined);
    while (!(await server().command('PUBSUB', 'CHANNELS', '*to:w1')).includes('to:w1'));
    clock.advance(2001);
    const [id] = await store.enqueue([newExecution()]);
    expect(await store.getExecution(id!)).toMatchObject({ status: 'PENDING' });
    end();
  });

  it.each([
    ['back', HOUR],
    ['forward', -HOUR],
  ])('follows the clock after it has gone %s', async (_, offset) => {
    const { store, clock } = await openIdle(offset);
    const begin = clock.now();
    const dated = newExecution({ scheduledTime: begin + 1_000 });
    await store.enqueue([dated, newExecution({ delay: 2_000 })]);
    await store.acquireLock('key', 'holder', 3_000, 0);
    await store.acquireLock('key', 'next', 3_000, 4_000);
    for (const dueIn of [1_000, 2_000, 3_000]) {
      expect(await store.due()).toMatchObject({ promote: false, rescue: false, nextDue: begin + dueIn });
      clock.advance(begin + dueIn - clock.now());
      expect(await store.due()).toMatchObject({ promote: true });
      while ((await store.promote(10)).more);
    }
    clock.advance(begin + LEASE - 1 - clock.now());
    for (const rescue of [false, true]) {
      // Every other call checks leases.
      const found = [await store.due(), await store.due()];
      expect(found.some((each) => each.rescue)).toBe(rescue);
      clock.advance(1);
    }
  });

  it.each([
    ['back', HOUR],
    ['forward', -HOUR],
  ])('gets work dispatched directly only while it polls, if the clock has gone %s', async (_, offset) => {
    const { store, clock } = await openIdle(offset);
    const end = store.onDispatch('w1', () => undefined);
    while (!(await server().command('PUBSUB', 'CHANNELS', '*to:w1')).includes('to:w1'));
    for (let second = 0; second < 4; second++) {
      clock.advance(1000);
      await store.due();
    }
    const [first] = await store.enqueue([newExecution()]);
    expect(await store.getExecution(first!)).toMatchObject({ status: 'RUNNING' });
    clock.advance(2001);
    const [second] = await store.enqueue([newExecution()]);
    expect(await store.getExecution(second!)).toMatchObject({ status: 'PENDING' });
    end();
  });

  it('finds work whose message was lost by polling', async () => {
    const { store } = await openIdle();
    const heard: Effect[] = [];
    store.subscribe((effects) => heard.push(...effects));
    await store.due();
    expect(heard).toEqual([]);
    await store.enqueue([newExecution()]);
    heard.splice(0);
    await store.due();
    expect(heard).toEqual([{ kind: 'ready', queue: 'default' }]);
  });

  it('detects that its store was emptied', async () => {
    const { store, clock } = await openIdle();
    const reset = new Promise<void>((resolve) =>
      store.subscribe((effects) => {
        if (effects.some(({ kind }) => kind === 'storeReset')) resolve();
      }),
    );
    await store.due();
    await server().command('FLUSHALL');
    clock.advance(1);
    await store.due();
    await reset;
  });
});
