import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { closeApps, startApp } from '../support/app.js';
import { removeStores, storeOf } from '../support/stores.js';

afterEach(closeApps);
afterAll(removeStores);

describe.each(['embedded', 'redis'] as const)('requireLock that a deploy adds, %s', (name) => {
  const release = async () => {
    const store = await storeOf(name);
    const before = await startApp({ t: () => 0 }, { ...store, version: '1.0.0', autoStart: false });
    return { store, before };
  };

  it('applies to executions scheduled before: ready, delayed, and from a schedule', async () => {
    const { store, before } = await release();
    const ids = await before.scheduler.scheduleTasks([
      ...Array.from({ length: 10 }, () => ({ taskId: 't' })),
      ...Array.from({ length: 5 }, () => ({ taskId: 't', delay: 200 })),
    ]);
    await before.module.close();
    let running = 0;
    let most = 0;
    const keys = new Set<string>();
    const { scheduler } = await startApp(
      {
        t: [
          { requireLock: true },
          async (_, { fencingToken }) => {
            keys.add(typeof fencingToken);
            most = Math.max(most, ++running);
            for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
            running--;
          },
        ],
      },
      { ...store, version: '2.0.0', maxConcurrentTasks: 8 },
    );
    for (const id of ids)
      expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'COMPLETED', retryCount: 0 });
    expect(most).toBe(1);
    expect([...keys]).toEqual(['number']);
  });

  it('ends executions that have no key for it, by name', async () => {
    const { store, before } = await release();
    const id = await before.scheduler.scheduleTask('t', { payload: {} });
    await before.module.close();
    const { scheduler } = await startApp(
      { t: [{ requireLock: true, lockKey: 'of:{payload.tenant}' }, () => 'ran'] },
      { ...store, version: '2.0.0' },
    );
    expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'FAILED', reason: 'NON_RETRYABLE' });
    expect((await scheduler.getTaskStatus(id))!.error!.message).toContain('lockKey');
  });
});
