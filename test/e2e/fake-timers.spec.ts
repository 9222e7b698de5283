import 'reflect-metadata';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
// From the module: the global one is replaced.
import { setImmediate as turn } from 'node:timers/promises';
import { closeApps, startApp } from '../support/app.js';
import { removeStores, storeOf } from '../support/stores.js';

afterEach(async () => {
  await closeApps();
  jest.useRealTimers();
});
afterAll(removeStores);

describe.each(['memory', 'embedded'] as const)('an app on the machine’s clock under fake timers, %s', (name) => {
  it('runs ready executions, reports them, and waits for the test’s time', async () => {
    jest.useFakeTimers({ now: new Date('2026-01-01T00:00:00Z') });
    const { scheduler } = await startApp(
      {
        quick: (_payload, ctx) => {
          ctx.progress(0.5);
          ctx.log('half way');
          return 'ran';
        },
        again: [
          { retryConfig: { strategy: 'FIXED', maxAttempts: 2, initialDelay: '1m', jitter: false } },
          (_payload, ctx) => {
            if (ctx.attempt === 1) throw new Error('once more');
            return ctx.attempt;
          },
        ],
      },
      await storeOf(name),
    );
    const quick = await scheduler.waitForExecution(await scheduler.scheduleTask('quick'));
    expect(quick).toMatchObject({ status: 'COMPLETED', progress: { fraction: 0.5 }, logs: ['half way'] });
    const delayed = scheduler.waitForExecution(await scheduler.scheduleTask('quick', { delay: '1h' }));
    const again = await scheduler.scheduleTask('again');
    const retried = scheduler.waitForExecution(again);
    // Otherwise the minute of its retry starts after the test has advanced its time.
    while ((await scheduler.getTaskStatus(again))!.status !== 'RETRYING') await turn();
    await jest.advanceTimersByTimeAsync(2 * 60_000);
    expect(await retried).toMatchObject({ result: 2 });
    await jest.advanceTimersByTimeAsync(60 * 60_000);
    expect(await delayed).toMatchObject({ status: 'COMPLETED' });
  });
});
