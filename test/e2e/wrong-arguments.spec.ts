import { expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import type { TaskContext } from 'nestjs-advanced-scheduler';
import { startApp } from '../support/app.js';
import { describeEveryStore } from '../support/every-store.js';
import { resolveOptions } from '../../libs/scheduler/src/scheduler/resolve-options.js';

describeEveryStore('arguments of a wrong type', (fresh) => {
  it('are refused by name if an option is unknown', async () => {
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

  it('show priorities by name in JSON', async () => {
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
    // Node warns about more than ten.
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    controller.abort(new Error('enough'));
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'enough' } });
    await lock.release();
  });

  it('are one request for an idempotencyKey if they are equal', async () => {
    const options = { ttl: '1h', tags: ['a'] };
    const { scheduler } = await startApp({ t: [options, () => 1] }, { ...fresh(), autoStart: false });
    const ids = new Set<string>();
    for (const more of [
      { delay: '60s' },
      { delay: '1m' },
      { delay: 60_000 },
      { delay: '1m', priority: 'NORMAL' as const },
      { delay: '1m', ttl: '60m' },
      { delay: '1m', after: {}, tags: ['a'] },
    ])
      ids.add(await scheduler.scheduleTask('t', { idempotencyKey: 'once', ...more }));
    const now = new Set<string>();
    for (const more of [{}, { delay: 0 }, { delay: '0s' }])
      now.add(await scheduler.scheduleTask('t', { idempotencyKey: 'now', ...more }));
    expect(now.size).toBe(1);
    expect(ids.size).toBe(1);
    const other = scheduler.scheduleTask('t', { idempotencyKey: 'once', delay: '1m', priority: 'HIGH' });
    await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('of ctx.progress are refused; its methods can be called without ctx', async () => {
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
