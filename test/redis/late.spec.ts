import { afterEach, describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import type { Effect } from '../../libs/scheduler/src/core/effects.js';
import { OutcomeUnknownError } from '../../libs/scheduler/src/core/errors.js';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { luaScripts } from '../../libs/scheduler/src/store/redis/lua-scripts.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { edgeTo, helloOf, taskRecordOf, newExecution } from '../contract/fixtures.js';
import { Worker } from '../contract/worker.js';
import { until } from '../support/until.js';
import { closeAll, closeLater, proxyTo, rejection, serve } from './fixtures.js';

afterEach(closeAll);

async function open(port: number, requestBudget?: number): Promise<RedisTaskStore> {
  const store = new RedisTaskStore({
    connection: resolveRedisOptions({ port }),
    namespace: 'late',
    lease: 15_000,
    maxAttemptDuration: 3_600_000,
    history: { count: 1000, age: null, bytes: null },
    requestBudget,
  });
  await store.open();
  closeLater(() => store.close());
  return store;
}

const functionOf = (script: string): string => luaScripts().scripts.get(script)!.function;
const isPaused = async (store: RedisTaskStore): Promise<boolean> =>
  (await store.stats()).queues.some(({ queue, paused }) => queue === 'default' && paused);

/** A store behind a proxy, with an existing queue and every script of the tests loaded. */
async function behindProxy(requestBudget?: number) {
  const server = await serve();
  const proxy = await proxyTo(server);
  const store = await open(proxy.port, requestBudget);
  await store.putTasks([taskRecordOf('plain')]);
  await store.pauseQueue('default');
  await store.resumeQueue('default');
  return { server, proxy, store };
}

describe('a request that arrives late', () => {
  it('after its node has sent others over a newer connection changes nothing', async () => {
    const { proxy, store } = await behindProxy();
    await store.pauseQueue('default');
    const held = proxy.holdRequest(functionOf('resumeQueue'));
    const resumed = store.resumeQueue('default');
    await held;
    await resumed;
    await store.pauseQueue('default');
    expect(await proxy.deliverHeld()).toContain('LATE');
    expect(await isPaused(store)).toBe(true);
  });

  it('after its sender has given up and gone changes nothing', async () => {
    const { server, proxy, store } = await behindProxy(500);
    const other = await open(server.port, 500);
    await other.pauseQueue('default');
    const held = proxy.holdRequest(functionOf('resumeQueue'));
    const resumed = rejection(store.resumeQueue('default'));
    await held;
    proxy.refuse();
    await store.close();
    expect(await resumed).toBeInstanceOf(OutcomeUnknownError);
    const sentAt = (await other.stats()).now;
    await until(async () => (await other.stats()).now > sentAt + 500);
    expect(await proxy.deliverHeld()).toContain('LATE');
    expect(await isPaused(other)).toBe(true);
  });

  it('is detected as a repeat while its sender waits, however many calls follow', async () => {
    const { server, proxy, store } = await behindProxy();
    const other = await open(server.port);
    await store.pauseQueue('default');
    const dropped = proxy.dropReplyTo(functionOf('resumeQueue'));
    proxy.slow(0);
    const resumed = store.resumeQueue('default');
    await dropped;
    await resumed;
    await store.pauseQueue('default');
    for (let i = 0; i < 30; i++) await Promise.all(Array.from({ length: 50 }, () => other.cancel('none', 1000)));
    expect(await server.command('LLEN', '{late}:oo')).toMatch(/^:1[5-9]\d\d$/);
    expect(await isPaused(store)).toBe(true);
  });

  it('as an exchange of a worker claims nothing and settles nothing', async () => {
    const { server, proxy, store } = await behindProxy();
    const other = await open(server.port);
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    await store.enqueue(Array.from({ length: 4 }, () => newExecution()));
    const [first] = await worker.claim(1);
    const held = proxy.holdRequest(functionOf('exchange'));
    const [second] = await worker.claim(1, { settlements: [settle.complete(first!, null)] });
    await held;
    await worker.complete(second!);
    const before = (await other.stats()).byStatus;
    expect(before).toMatchObject({ PENDING: 2, RUNNING: 0, COMPLETED: 2 });
    expect(await proxy.deliverHeld()).toContain('LATE');
    expect((await other.stats()).byStatus).toEqual(before);
  });

  it('as a deregistration does not remove a worker that has rejoined', async () => {
    const { proxy, store } = await behindProxy();
    await store.register(helloOf('w0'));
    await store.deregister('w0');
    await store.register(helloOf('w1'));
    const held = proxy.holdRequest(functionOf('deregister'));
    const gone = store.deregister('w1');
    await held;
    await gone;
    await store.register(helloOf('w1'));
    expect(await proxy.deliverHeld()).toContain('LATE');
    expect((await store.listWorkers()).map(({ workerId }) => workerId)).toEqual(['w1']);
  });
});

describe('a run that its worker does not have', () => {
  it('and that cannot be read is set aside by the heartbeat, and the others return in their order', async () => {
    const { server, store } = await behindProxy();
    const other = await open(server.port);
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    const ids = await store.enqueue(Array.from({ length: 4 }, () => newExecution()));
    const [first] = await worker.claim(4);
    await server.command('HSET', '{late}:s', ids[2]!, 'garbage');
    const claimedAt = (await other.stats()).now;
    await until(async () => (await other.stats()).now > claimedAt + 2100);
    await worker.beat(first!);
    expect(await other.stats()).toMatchObject({ byStatus: { PENDING: 2, RUNNING: 1 }, returned: 2, setAside: 1 });
    expect(await other.listWorkers()).toMatchObject([{ workerId: 'w1', running: 1 }]);
    await other.register(helloOf('w2'));
    expect(await new Worker(other, 'w2').claimIds(9)).toEqual([ids[1], ids[3]]);
  });

  it('returns by the heartbeat, even while the worker lives', async () => {
    const { server, store } = await behindProxy();
    const other = await open(server.port);
    await store.register(helloOf('w1'));
    await other.register(helloOf('w2'));
    const worker = new Worker(store, 'w1');
    const ids = await store.enqueue(Array.from({ length: 9 }, () => newExecution()));
    const [first] = await worker.claim(9);
    const claimedAt = (await other.stats()).now;
    // Too young: the reply with this claim may be on its way.
    await worker.beat(first!);
    expect((await other.stats()).byStatus).toMatchObject({ PENDING: 0, RUNNING: 9 });
    await until(async () => (await other.stats()).now > claimedAt + 2100);
    expect(await worker.beat(first!)).toMatchObject({ known: true, lost: [] });
    expect(await other.stats()).toMatchObject({ byStatus: { PENDING: 8, RUNNING: 1 }, returned: 8 });
    // In their old order, though they were claimed together.
    expect(await new Worker(other, 'w2').claimIds(9)).toEqual(ids.slice(1));
    expect(await worker.complete(first!)).toBe('applied');
  });

  it('stays while an exchange of the worker is unanswered: its reply may contain it', async () => {
    const { server, proxy, store } = await behindProxy();
    const other = await open(server.port);
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    await worker.claim(1);
    await store.enqueue([newExecution()]);
    const dropped = proxy.dropReplyTo(functionOf('exchange'));
    const lost = rejection(worker.claim(1));
    await dropped;
    proxy.refuse();
    expect(await lost).toBeInstanceOf(OutcomeUnknownError);
    proxy.heal();
    const claimedAt = (await other.stats()).now;
    await until(async () => (await other.stats()).now > claimedAt + 2100);
    await worker.beat();
    expect((await other.stats()).byStatus).toMatchObject({ PENDING: 0, RUNNING: 1 });
    expect((await worker.replay()).claims).toHaveLength(1);
  }, 30_000);
});

describe('a Redis that restarts with older data', () => {
  it('is detected by the sequence numbers of exchanges, and counted', async () => {
    const { server, store } = await behindProxy();
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    for (let i = 0; i < 3; i++) await worker.exchange();
    expect((await store.stats()).rewound).toBe(0);
    await server.command('HSET', '{late}:ln', 'w1|0', '1');
    const effects: Effect[] = [];
    store.subscribe((each) => effects.push(...each));
    await worker.exchange();
    expect((await store.stats()).rewound).toBe(1);
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'rewound', workerId: 'w1', count: 2 }));
    await worker.exchange();
    expect((await store.stats()).rewound).toBe(1);
  });
});

describe('a process that only schedules', () => {
  const lostIn = (effects: readonly Effect[]): number[] =>
    effects.flatMap((each) => (each.kind === 'rewound' && each.workerId === null ? [each.count] : []));

  it('detects a Redis that restarts with older data, or with none, once each', async () => {
    const { server, store } = await behindProxy();
    const effects: Effect[] = [];
    store.subscribe((each) => effects.push(...each));
    for (let i = 0; i < 3; i++) await store.enqueue([newExecution()]);
    expect((await store.stats()).rewound).toBe(0);
    await server.command('HSET', '{late}:m', 'n', '1');
    await Promise.all([store.enqueue([newExecution()]), store.enqueue([newExecution(), newExecution()])]);
    await until(async () => (await store.stats()).rewound === 1);
    expect(lostIn(effects)).toEqual([2]);
    await store.enqueue([newExecution()]);
    await server.command('FLUSHALL');
    await store.enqueue([newExecution()]);
    await until(async () => (await store.stats()).rewound === 1);
    await store.enqueue([newExecution()]);
    expect(lostIn(effects)).toEqual([2, 5]);
  });

  it('does not count repeats or refusals as a loss', async () => {
    const { proxy, store } = await behindProxy();
    await store.enqueue([newExecution()]);
    const dropped = proxy.dropReplyTo(functionOf('enqueue'));
    const repeated = store.enqueue([newExecution()]);
    await dropped;
    await Promise.all([repeated, store.enqueue([newExecution(), newExecution()])]);
    await rejection(store.enqueue([newExecution({ edges: [edgeTo('nobody')] })]));
    await store.enqueue([newExecution()]);
    expect((await store.stats()).rewound).toBe(0);
  });
});

describe('a caller that still waits', () => {
  it('gets its reply even if the clock of the server has advanced by an hour', async () => {
    const { server, store } = await behindProxy();
    const now = (await store.stats()).now;
    await server.command('HSET', '{late}:m', 'hwm', `${now + 3_600_000}`);
    const [id] = await store.enqueue([newExecution()]);
    expect(await store.getExecution(id!)).not.toBeNull();
  });
});
