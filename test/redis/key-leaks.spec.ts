import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { TaskPriority } from '../../libs/scheduler/src/core/priority.js';
import type { TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import {
  BOOM,
  DAY,
  edgeTo,
  edgeToNewest,
  helloOf,
  LEASE,
  lockOn,
  taskRecordOf,
  newExecution,
  twoSteps,
} from '../contract/fixtures.js';
import { newSchedule } from '../contract/fixtures.js';
import { StoreFixture } from '../contract/store-fixture.js';
import type { Worker } from '../contract/worker.js';
import { openRedisOn } from '../support/open-redis.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/**
 * What stays of a namespace in which nothing is left: figures, the tasks that others depended on with the newest execution
 * of each, replies for repeats, and the end of the index of creation.
 */
const KEPT = ['all', 'c', 'er', 'ho', 'm', 'nd', 'oo', 'op', 'q', 's', 'tn', 'tw', 'win', 'x'];

describe('the keys of a namespace', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(() => server.stop());

  const keys = async (): Promise<string[]> => {
    const reply = await server.command('KEYS', '*');
    return reply
      .split('\r\n')
      .filter((line) => line.startsWith('{'))
      .map((key) => key.replace(/^\{[^}]*\}:/, ''));
  };

  it('are all removed except a fixed few, once all executions have ended and left history', async () => {
    const { store, clock, close } = await openRedisOn(() => server)({ history: { count: 0 } });
    try {
      const fixture = new StoreFixture(store, clock);
      await store.putTasks(['plain', 'parent', 'child', 'nightly'].map((taskId) => taskRecordOf(taskId)));
      await scheduleAllKinds(store, fixture);
      const worker = await fixture.worker('w1');
      await fixture.worker('w2');
      const first = await worker.claim(250);
      for (const claim of first)
        await store.report(claim, { progress: { fraction: 0.5, note: 'half' }, logs: ['a line'] });
      await worker.settle(
        ...first.map((claim, i) =>
          i % 3 === 0
            ? settle.retry(claim, BOOM, 10)
            : i % 3 === 1
              ? settle.fail(claim, BOOM, 'HANDLER_FAILED')
              : settle.complete(claim, '1'),
        ),
      );
      // The newest of the task that others depend on: it is kept, without any other data.
      await fixture.add();
      await finishAll(fixture, worker);
      await store.removeSchedule('every-minute');
      for (const taskId of ['plain', 'parent', 'child', 'nightly']) await store.removeTask(taskId);
      for (const id of ['w1', 'w2']) await store.deregister(id);
      clock.advance(2 * DAY);
      await fixture.maintain();
      expect((await keys()).filter((key) => !KEPT.includes(key))).toEqual([]);
    } finally {
      await close();
    }
  });

  it('keep no id of a simple execution that has outlived its part of the index', async () => {
    const { store, clock, close } = await openRedisOn(() => server)({ history: { count: 10 } });
    try {
      const fixture = new StoreFixture(store, clock);
      const worker = await fixture.worker();
      const endNext = async (count: number): Promise<void> => {
        for (const claim of await worker.claimAll(count)) await worker.complete(claim);
      };
      const last = await fixture.add({ priority: TaskPriority.BACKGROUND });
      for (let i = 0; i < 8; i++) {
        await fixture.addMany(200);
        await endNext(200);
      }
      expect(await keys()).toContain('old');
      await endNext(1);
      expect(await fixture.status(last)).toBe('COMPLETED');
      await fixture.addMany(10);
      await endNext(10);
      expect(await store.getExecution(last)).toBeNull();
      expect(await keys()).not.toContain('old');
    } finally {
      await close();
    }
  });
});

/** Something of every kind: simple, delayed, locked, linked, in a workflow, keyed, tagged, timed, from a schedule. */
async function scheduleAllKinds(store: TaskStore, fixture: StoreFixture): Promise<void> {
  const [plain] = await fixture.addMany(30);
  const parent = await fixture.add({ taskId: 'parent', tags: ['red'] });
  await fixture.addMany(12, {
    taskId: 'child',
    edges: [edgeTo(parent), edgeToNewest('plain', 'always', { timeout: 60_000 })],
  });
  await fixture.addMany(3, { lock: lockOn('a lock', 30_000) });
  await fixture.add({ delay: 500, timeout: 10_000 });
  await fixture.add({ idempotency: { key: 'once', fingerprint: 'f' } });
  await store.cancel(plain!, 0);
  const { workflow, members } = twoSteps();
  await store.startWorkflow(workflow, members);
  const schedule = await store.putSchedule(newSchedule({ nextRunTime: fixture.now }));
  await store.fire([
    {
      scheduleId: schedule.id,
      expected: { revision: schedule.revision, nextRunTime: fixture.now },
      ticks: [
        {
          execution: newExecution({ executionId: 'cron:every-minute:1', taskId: 'nightly' }),
          time: 1,
          leaveOut: false,
        },
      ],
      overlap: 'allow',
      cancelGrace: 0,
      nextRunTime: null,
    },
  ]);
  await store.acquireLock('a handle', 'someone', 1_000, 0);
  await store.acquireLock('a handle', 'another', 1_000, 5_000);
}

async function finishAll(fixture: StoreFixture, worker: Worker): Promise<void> {
  for (let round = 0; round < 50; round++) {
    await fixture.store.register(helloOf(worker.id));
    await fixture.advance(LEASE / 2);
    const claims = await worker.claim(250);
    await worker.settle(...claims.map((claim) => settle.complete(claim, null)));
  }
  const { byStatus } = await fixture.stats();
  expect([byStatus.PENDING, byStatus.RUNNING, byStatus.RETRYING]).toEqual([0, 0, 0]);
}
