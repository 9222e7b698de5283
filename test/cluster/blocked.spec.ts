import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SchedulerOptions } from 'nestjs-advanced-scheduler';
import { Fleet, type FleetNode, type NodeTask } from './fixtures/fleet.js';

const LEASE_MS = 1000;
const locked = { requireLock: true, lockTimeout: LEASE_MS };

const tasks: NodeTask[] = [
  { taskId: 'block', handler: 'block' },
  { taskId: 'block-locked', handler: 'block', ...locked },
  { taskId: 'note', handler: 'note' },
];
const options = { lease: LEASE_MS, maxConcurrentTasks: 1 };

let fleet: Fleet;
let workers: [FleetNode, FleetNode];
let producer: FleetNode;
beforeAll(async () => {
  fleet = await Fleet.start('blocked');
  const join = (more: SchedulerOptions = {}): Promise<FleetNode> =>
    fleet.join({ options: { ...options, ...more }, tasks });
  workers = await Promise.all([join(), join()]);
  producer = await join({ role: 'producer' });
});
afterAll(() => fleet?.close());

describe('a handler that blocks the event loop for twice the lease', () => {
  it.each(['block', 'block-locked'])('runs once, and its result counts: %s', async (taskId) => {
    const before = (await producer.scheduler('getHealthStatus')).metrics;
    const blocking = Promise.race(workers.map((node) => node.next('blocking').then(() => node)));
    const id = (await producer.scheduler('scheduleTask', taskId, { payload: { ms: 2 * LEASE_MS } })) as string;
    const waited = producer.scheduler('waitForExecution', id);
    const blocked = await blocking;
    const standby = workers.find((node) => node !== blocked)!;
    // The other one has free slots, and would take this too.
    const another = await producer.scheduler('scheduleTask', 'note');
    expect((await producer.scheduler('waitForExecution', another)).result).toBe(standby.pid);

    const { status, result, attempts, startedTime, completedTime } = await waited;
    expect([status, result]).toEqual(['COMPLETED', blocked.pid]);
    expect(attempts).toMatchObject([{ outcome: 'COMPLETED', workerId: blocked.workerId }]);
    expect(Date.parse(completedTime) - Date.parse(startedTime)).toBeGreaterThanOrEqual(2 * LEASE_MS - 1);
    expect(fleet.ledger().filter((entry) => entry.id === id)).toHaveLength(1);
    const { crashed, stale, locksLost } = (await producer.scheduler('getHealthStatus')).metrics;
    expect([crashed, stale, locksLost]).toEqual([before.crashed, before.stale, before.locksLost]);
  });
});

describe('a worker with several slots whose event loop is blocked', () => {
  it('gets no claims meanwhile: another worker runs them, each once', async () => {
    const crowd = { namespace: 'crowd', maxConcurrentTasks: 4 };
    const pair = await Promise.all([1, 2].map(() => fleet.join({ options: crowd, tasks })));
    const source = await fleet.join({ options: { ...crowd, role: 'producer' }, tasks });
    const blocking = Promise.race(pair.map((node) => node.next('blocking').then(() => node)));
    const blocker = (await source.scheduler('scheduleTask', 'block', { payload: { ms: 4000 } })) as string;
    const blocked = await blocking;
    const standby = pair.find((node) => node !== blocked)!;
    let isOver = false;
    const over = source.scheduler('waitForExecution', blocker).then(() => (isOver = true));

    const ended: Promise<{ executionId: string; result: number }>[] = [];
    while (!isOver) {
      const id = await source.scheduler('scheduleTask', 'note');
      const run = source.scheduler('waitForExecution', id);
      ended.push(run);
      if (ended.length % 5 === 0) await run;
    }
    const runs = await Promise.all(ended);
    await over;
    const starts = new Map<string, number>();
    for (const { id } of fleet.ledger()) starts.set(id, (starts.get(id) ?? 0) + 1);
    expect(runs.filter(({ executionId }) => starts.get(executionId) !== 1)).toEqual([]);
    // The last few may have started after the block.
    expect(runs.slice(0, -10).filter(({ result }) => result !== standby.pid)).toEqual([]);
    expect(runs.length).toBeGreaterThan(20);
    const { crashed, stale } = (await source.scheduler('getHealthStatus')).metrics;
    expect([crashed, stale]).toEqual([0, 0]);
  });
});

describe('a worker whose event loop is mostly blocked', () => {
  const slow = { namespace: 'slow', maxConcurrentTasks: 4 };
  const many = (count: number) => Array.from({ length: count }, () => ({ taskId: 'note' }));
  const startsOf = (ids: string[]) => fleet.ledger().filter(({ what, id }) => what === 'start' && ids.includes(id));
  let source: FleetNode;
  beforeAll(async () => {
    const worker = await fleet.join({ options: slow, tasks });
    source = await fleet.join({ options: { ...slow, role: 'producer' }, tasks });
    await worker.call('lag', 250);
  });

  it('starts what it claims, each once', async () => {
    const ids = (await source.scheduler('scheduleTasks', many(20))) as string[];
    await Promise.all(ids.map((id) => source.scheduler('waitForExecution', id)));
    expect(
      startsOf(ids)
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...ids].sort());
  });

  it('starts nothing of a queue after its pause() has resolved', async () => {
    const ids = (await source.scheduler('scheduleTasks', many(40))) as string[];
    const closed: [from: bigint, to: bigint][] = [];
    const running = async (): Promise<number> => (await source.call('health')).runningTasks;
    for (let i = 0; i < 3; i++) {
      while ((await running()) === 0);
      await source.call('queue', 'pause');
      const from = process.hrtime.bigint();
      while ((await running()) > 0);
      closed.push([from, process.hrtime.bigint()]);
      await source.call('queue', 'resume');
    }
    await Promise.all(ids.map((id) => source.scheduler('waitForExecution', id)));
    expect(startsOf(ids)).toHaveLength(ids.length);
    expect(startsOf(ids).filter(({ ns }) => closed.some(([from, to]) => ns > from && ns < to))).toEqual([]);
  });
});
