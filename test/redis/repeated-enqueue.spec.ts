import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import type { RedisStoreSettings } from '../../libs/scheduler/src/store/redis/redis-store-base.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { newExecution, nextId } from '../contract/fixtures.js';
import { StoreFixture } from '../contract/store-fixture.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

// The server of a test has no persistence, which causes a warning at each connect.
Logger.overrideLogger(false);

/** A store that sends scripts of one name again, as after a lost reply; `meanwhile` runs before the repeat. */
class RepeatingStore extends RedisTaskStore {
  meanwhile: () => Promise<void> = () => Promise.resolve();

  constructor(settings: RedisStoreSettings, script: string) {
    super(settings);
    const run = this.connection.run.bind(this.connection);
    this.connection.run = async (name, ...rest) => {
      const reply = await run(name, ...rest);
      if (name !== script) return reply;
      await this.meanwhile();
      return run(name, ...rest);
    };
  }
}

const keyed = (count: number) =>
  Array.from({ length: count }, (_, i) => newExecution({ idempotency: { key: `k${i}`, fingerprint: 'f' } }));

describe('an execution that ran and left history before its repeat arrived', () => {
  let server: RedisServer;
  let close: () => Promise<void> = () => Promise.resolve();
  let namespaces = 0;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterEach(() => close());

  afterAll(() => server.stop());

  const setUp = async (script: string) => {
    const clock = new ManualClock();
    const settings: RedisStoreSettings = {
      connection: resolveRedisOptions({ port: server.port }),
      ...{ namespace: `again${++namespaces}`, lease: 15_000, maxAttemptDuration: 3_600_000, insertsPerCall: 5 },
      ...{ history: { count: 0, age: null, bytes: null }, testClock: clock },
    };
    const [store, other] = [new RepeatingStore(settings, script), new RedisTaskStore(settings)];
    close = async () => {
      await store.close();
      await other.close();
    };
    await store.open();
    await other.open();
    const s = new StoreFixture(other, clock);
    const worker = await s.worker();
    let ran = 0;
    store.meanwhile = async () => {
      await s.maintain();
      for (let claims = await worker.claim(250); claims.length > 0; claims = await worker.claim(250)) {
        for (const claim of claims) await worker.complete(claim);
        ran += claims.length;
      }
    };
    return { store, s, ran: () => ran };
  };

  it.each([
    ['one', () => [newExecution()], 'enqueue'],
    ['a few', () => [newExecution(), newExecution()], 'enqueue'],
    ['a large batch', () => Array.from({ length: 501 }, () => newExecution()), 'enqueue'],
    ['what is more than plain', () => [newExecution({ tags: ['a'] }), newExecution()], 'enqueue'],
    ['a batch in parts, its part', () => Array.from({ length: 7 }, () => newExecution({ tags: ['a'] })), 'stageBatch'],
    [
      'a batch in parts, its commit',
      () => Array.from({ length: 7 }, () => newExecution({ tags: ['a'] })),
      'commitBatch',
    ],
    ['a batch of keys in parts, its part', () => keyed(7), 'stageBatch'],
    ['a batch of keys in parts, its commit', () => keyed(7), 'commitBatch'],
    ['a batch of keys in parts, its insertion', () => keyed(7), 'insertBatch'],
  ])('is not stored again: %s', async (_, batchOf, script) => {
    const { store, s, ran } = await setUp(script);
    const batch = batchOf();
    expect(await store.enqueue(batch)).toEqual(batch.map((each) => each.executionId));
    await store.meanwhile();
    expect(ran()).toBe(batch.length);
    expect((await s.stats()).counters).toMatchObject({ scheduled: batch.length, completed: batch.length });
  });

  it.each([
    ['a lean workflow', null, 'startWorkflows'],
    ['a workflow of more than lean members', ['a'], 'enqueue'],
  ])('is not stored again: %s', async (_, tags, script) => {
    const { store, s, ran } = await setUp(script);
    const workflowId = nextId();
    const members = [1, 2].map((n) => newExecution({ tags, workflow: { workflowId, ref: `n${n}` } }));
    const nodes = members.map(({ executionId, taskId, workflow }) => ({
      ...{ ref: workflow!.ref, executionId, taskId },
      dependsOn: [],
    }));
    await store.startWorkflow({ workflowId, name: 'two', nodes }, members);
    expect(ran()).toBe(2);
    expect((await s.stats()).counters).toMatchObject({ scheduled: 2, completed: 2 });
    expect(await s.store.getWorkflow(workflowId)).toBeNull();
  });
});
