import { expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { type AdvancedTaskScheduler, type TaskContext } from 'nestjs-advanced-scheduler';
import { startApp } from '../support/app.js';
import { describeEveryStore } from '../support/every-store.js';
import { resolveOptions } from '../../libs/scheduler/src/scheduler/resolve-options.js';

type Call = (scheduler: AdvancedTaskScheduler, value: any) => unknown;

/** Each takes a value of a wrong type where an id, a key or options belong. */
const CALLS: Record<string, Call> = {
  scheduleTask: (s, value) => s.scheduleTask(value),
  'scheduleTask options': (s, value) => s.scheduleTask('t', value),
  scheduleTasks: (s, value) => s.scheduleTasks([value]),
  runWorkflow: (s, value) => s.runWorkflow({ tasks: [value] }),
  scheduleCronTask: (s, value) => s.scheduleCronTask(value, '0 0 * * *'),
  'scheduleCronTask options': (s, value) => s.scheduleCronTask('t', '0 0 * * *', value),
  cancelTask: (s, value) => s.cancelTask(value),
  retryTask: (s, value) => s.retryTask(value),
  getTaskStatus: (s, value) => s.getTaskStatus(value),
  why: (s, value) => s.why(value),
  getWorkflow: (s, value) => s.getWorkflow(value),
  unregisterTask: (s, value) => s.unregisterTask(value),
  registerTask: (s, value) => s.registerTask(value),
  waitForExecution: (s, value) => s.waitForExecution(value),
  'waitForExecution options': (s, value) => s.waitForExecution('x', value),
  'waitForExecution signal': (s, value) => s.waitForExecution('x', { signal: value ?? 5 }),
  unscheduleCronTask: (s, value) => s.unscheduleCronTask(value),
  pauseCronTask: (s, value) => s.pauseCronTask(value),
  resumeCronTask: (s, value) => s.resumeCronTask(value),
  acquire: (s, value) => s.lockManager.acquire(value),
  'acquire options': (s, value) => s.lockManager.acquire('k', value),
  'withLock options': (s, value) => s.lockManager.withLock('k', value, () => 1),
  'withLock function': (s, value) => s.lockManager.withLock('k', {}, value),
  isLocked: (s, value) => s.lockManager.isLocked(value),
  getLockTtl: (s, value) => s.lockManager.getLockTtl(value),
  forceRelease: (s, value) => s.lockManager.forceRelease(value),
  'queue.remove': (s, value) => s.taskQueue.remove(value),
  'queue.pause': (s, value) => s.taskQueue.pause(value ?? 5),
  'queue.size': (s, value) => s.taskQueue.size(undefined, value ?? 5),
};
/** undefined is what these take for options left out. */
const isOptional = (name: string, value: unknown): boolean => value === undefined && name.endsWith('options');

describeEveryStore('arguments of a wrong type', (fresh) => {
  it('are refused with a code, whatever they are', async () => {
    const { scheduler } = await startApp({ t: () => 1 }, fresh());
    const wrong: string[] = [];
    for (const [name, call] of Object.entries(CALLS))
      for (const value of [null, undefined, 5, true, [], Symbol('s')]) {
        if (isOptional(name, value)) continue;
        const outcome = await Promise.resolve()
          .then(() => call(scheduler, value))
          .then(
            () => 'nothing',
            (error: Error & { code?: unknown }) => (typeof error.code === 'string' ? null : error.message),
          );
        if (outcome !== null) wrong.push(`${name}(${String(value)}): ${outcome}`);
      }
    expect(wrong).toEqual([]);
  });

  it('are refused by name where an option is unknown', async () => {
    const { scheduler } = await startApp({ t: () => 1 }, fresh());
    const field = (promise: Promise<unknown>) =>
      promise.then(
        () => null,
        (error: { field?: string }) => error.field,
      );
    const odd = { tiemout: 1 } as object;
    expect(await field(scheduler.waitForExecution('x', odd))).toBe('tiemout');
    expect(await field(scheduler.lockManager.acquire('k', odd))).toBe('tiemout');
    expect(await field(scheduler.lockManager.withLock('k', odd, () => 1))).toBe('tiemout');
    expect(await field(scheduler.scheduleCronTask('t', '0 0 * * *', odd))).toBe('tiemout');
  });

  it('say priorities by name in JSON', async () => {
    const options = { priority: 'HIGH' as const };
    const { scheduler } = await startApp({ t: [options, () => 1] }, { ...fresh(), autoStart: false });
    const id = await scheduler.scheduleTask('t');
    const answers = [
      await scheduler.listTasks(),
      [...scheduler.taskDefinitions.values()],
      [await scheduler.getTaskStatus(id)],
      (await scheduler.listExecutions()).items,
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject([{ taskId: 't', priority: 1 }]);
      expect(JSON.parse(JSON.stringify(answer))).toMatchObject([{ taskId: 't', priority: 'HIGH' }]);
    }
  });

  it('share a signal without a warning, however many wait on it', async () => {
    const { scheduler } = await startApp({ t: () => 1 }, { ...fresh(), autoStart: false });
    const controller = new AbortController();
    const { signal } = controller;
    const id = await scheduler.scheduleTask('t');
    const lock = (await scheduler.lockManager.acquire('k'))!;
    const waits = Array.from({ length: 30 }, () => [
      scheduler.waitForExecution(id, { signal }),
      scheduler.lockManager.acquire('k', { maxWait: '1m', signal }),
    ]).flat();
    const outcomes = Promise.allSettled(waits);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    // Node warns beyond ten.
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    controller.abort(new Error('enough'));
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'enough' } });
    await lock.release();
  });

  it('are one request for an idempotencyKey where they say the same', async () => {
    const { scheduler } = await startApp({ t: () => 1 }, { ...fresh(), autoStart: false });
    const ids = new Set<string>();
    for (const more of [
      { delay: '60s' },
      { delay: '1m' },
      { delay: 60_000 },
      { delay: '1m', priority: 'NORMAL' as const },
    ])
      ids.add(await scheduler.scheduleTask('t', { idempotencyKey: 'once', ...more }));
    expect(ids.size).toBe(1);
    const other = scheduler.scheduleTask('t', { idempotencyKey: 'once', delay: '1m', priority: 'HIGH' });
    await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('of ctx.progress are refused, and its methods may be taken apart from it', async () => {
    const handler = (_payload: unknown, { log, progress }: TaskContext) => {
      log('a line');
      progress(0.5);
      return ['0.5', null, true, [], undefined, Number.NaN].map((value) => {
        try {
          return progress(value as number);
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
    };
    const { scheduler } = await startApp({ t: handler }, fresh());
    const { status, result } = await scheduler.waitForExecution(await scheduler.scheduleTask('t'));
    expect([status, new Set(result as string[])]).toEqual(['COMPLETED', new Set(['INVALID_OPTION'])]);
  });
});

it.each<[string, object]>([
  ['shutdown.drian', { shutdown: { drian: '1s' } }],
  ['health.treshold', { health: { treshold: 1 } }],
  ['queues.a.concurency', { queues: { a: { concurency: 1 } } }],
  ['queues.a.rateLimit.every', { queues: { a: { rateLimit: { max: 1, per: '1s', every: 1 } } } }],
  ['queues.a.reserve.URGENT', { queues: { a: { reserve: { URGENT: 1 } } } }],
  ['queues.a', { queues: { a: null } }],
  ['shutdown', { shutdown: null }],
])('forRoot refuses %s', (field, options) => {
  expect(() => resolveOptions(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', field }));
});
