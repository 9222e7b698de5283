import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionEvent } from 'nestjs-advanced-scheduler';
import { Fleet, workersOf, type FleetNode, type NodeTask } from './fixtures/fleet.js';

/** By a message. Without one it would take 10 s, and a busy machine may be slow. */
const HEARD_WITHIN_MS = 5_000;

const tasks: NodeTask[] = [
  { taskId: 'hang', handler: 'hang' },
  { taskId: 'nap', handler: 'nap' },
  { taskId: 'note', handler: 'note' },
  {
    taskId: 'fail',
    handler: 'fail',
    retryConfig: { maxAttempts: 2, strategy: 'FIXED', initialDelay: '20ms', jitter: false },
  },
];

let fleet: Fleet;
let worker: FleetNode;
let producer: FleetNode;
let observer: FleetNode;
beforeAll(async () => {
  fleet = await Fleet.start('cancel');
  // No heartbeat or poll may deliver what a message should deliver.
  const options = { lease: '1m' };
  [worker, producer, observer] = await Promise.all([
    fleet.join({ options, tasks }),
    fleet.join({ options: { ...options, role: 'producer' }, tasks }),
    fleet.join({ options: { ...options, role: 'producer' }, tasks, events: ['scheduler.execution.*'] }),
  ]);
});
afterAll(() => fleet?.close());

const now = (): number => Number(process.hrtime.bigint());

/** The events that the observer receives until one of this name. */
async function heardUntil(last: string, of: number, act: () => Promise<unknown>): Promise<ExecutionEvent[]> {
  const heard: ExecutionEvent[] = [];
  let left = of;
  observer.on('heard', (event: ExecutionEvent) => heard.push(event));
  const over = observer.next('heard', ({ transition }: ExecutionEvent) => transition === last && --left === 0);
  await act();
  await over;
  return heard;
}

describe('three processes, one of which is a worker', () => {
  it('pass a cancel to the running handler at once, and notify a third of the end at once', async () => {
    for (let round = 0; round < 5; round++) {
      const hanging = worker.next('hanging');
      const id = (await producer.scheduler('scheduleTask', 'hang')) as string;
      await hanging;
      const waited = observer.scheduler('waitForExecution', id);
      const aborted = worker.next('aborted');
      const asked = now();
      expect(await producer.scheduler('cancelTask', id)).toBe(true);
      const { executionId, at } = await aborted;
      expect(executionId).toBe(id);
      expect((at - asked) / 1e6).toBeLessThan(HEARD_WITHIN_MS);
      expect((await waited).status).toBe('CANCELLED');
      expect((now() - asked) / 1e6).toBeLessThan(HEARD_WITHIN_MS);
    }
  });

  it('resolve a wait by an event, without polling', async () => {
    const ms = 1200;
    const napping = worker.next('napping');
    const id = (await producer.scheduler('scheduleTask', 'nap', { payload: { ms } })) as string;
    await napping;
    // More waits than any periodic duty has calls.
    const waits = Array.from({ length: 200 }, () => observer.scheduler('waitForExecution', id));
    await observer.scheduler('getTaskStatus', id);
    const before = await fleet.scripts();
    const [{ completedTime }] = await Promise.all(waits);
    const late = Date.now() - Date.parse(completedTime);
    expect(late).toBeLessThan(HEARD_WITHIN_MS);
    // Each reads the row once when it has received the end.
    expect((await fleet.scripts()) - before - waits.length).toBeLessThan(waits.length / 2);
  });

  it('receive the events of each other in order', async () => {
    const ids: string[] = [];
    const heard = await heardUntil('failed', 50, async () => {
      for (let i = 0; i < 50; i++)
        ids.push(...(await producer.scheduler('scheduleTasks', [{ taskId: 'note' }, { taskId: 'fail' }])));
    });
    const ends = ids.map((id) => observer.scheduler('waitForExecution', id));
    await Promise.all(ends);
    const times = heard.map(({ time }) => Date.parse(time));
    expect(times.filter((time, i) => i > 0 && time < times[i - 1]!)).toEqual([]);
    // On a busy machine a claim that could not begin in time goes back, and starts again.
    const of = (id: string): string[] =>
      heard
        .flatMap((event) => (event.executionId === id ? [event.transition] : []))
        .filter((event, i, all) => event !== 'released' && !(event === 'started' && all[i + 1] === 'released'));
    expect(ids.filter((_, i) => i % 2 === 0).map(of)).toEqual(Array(50).fill(['scheduled', 'started', 'completed']));
    expect(ids.filter((_, i) => i % 2 === 1).map(of)).toEqual(
      Array(50).fill(['scheduled', 'started', 'retrying', 'started', 'failed']),
    );
    expect(new Set(heard.flatMap(({ workerId }) => workerId ?? []))).toEqual(new Set([worker.workerId]));
  });

  it('report the health of the whole fleet', async () => {
    const second = await fleet.join({ tasks, options: { lease: '1m' } });
    const full = (node: FleetNode, left = 10): Promise<unknown> => node.next('hanging', () => --left === 0);
    const hanging = Promise.all([full(worker), full(second)]);
    const ids: string[] = await producer.scheduler(
      'scheduleTasks',
      Array.from({ length: 20 }, () => ({ taskId: 'hang' })),
    );
    await hanging;
    const { runningTasks } = await observer.call('health');
    expect(runningTasks).toBe(20);
    const workers = await workersOf(observer);
    expect(workers.map(({ pid, running }) => [pid, running]).sort()).toEqual(
      [
        [worker.pid, 10],
        [second.pid, 10],
      ].sort(),
    );
    for (const id of ids) await observer.scheduler('cancelTask', id);
    await Promise.all(ids.map((id) => observer.scheduler('waitForExecution', id)));
    await second.stop();
    expect((await workersOf(observer)).map(({ pid }) => pid)).toEqual([worker.pid]);
    expect((await observer.scheduler('getHealthStatus')).runningTasks).toBe(0);
  });
});
