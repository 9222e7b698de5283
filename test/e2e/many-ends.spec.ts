import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { closeApps, startApp } from '../support/app.js';
import { removeStores, STORE_NAMES, storeOf } from '../support/stores.js';

jest.setTimeout(60_000);
afterEach(closeApps);
afterAll(removeStores);

const MANY = 350;

describe.each(STORE_NAMES)('%s: hundreds of runs that end at once', (name) => {
  /** Runs that have all started, and end together. */
  async function begun() {
    let end!: () => void;
    const ended = new Promise<void>((resolve) => (end = resolve));
    let running = 0;
    let reached!: () => void;
    const allRun = new Promise<void>((resolve) => (reached = resolve));
    const work = async (): Promise<void> => {
      if (++running === MANY) reached();
      await ended;
    };
    const options = await storeOf(name);
    const app = await startApp({ work: [{ timeout: '5m' }, work] }, { ...options, maxConcurrentTasks: MANY });
    const ids = await app.scheduler.scheduleTasks(Array.from({ length: MANY }, () => ({ taskId: 'work' })));
    await allRun;
    return { ...app, options, ids, end };
  }

  it('are all settled', async () => {
    const { scheduler, ids, end } = await begun();
    end();
    const found = await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
    expect(found.every(({ status }) => status === 'COMPLETED')).toBe(true);
  });

  (name === 'memory' ? it.skip : it)('are all settled by an app that is closed meanwhile', async () => {
    const { module, options, end } = await begun();
    end();
    await module.close();
    const { scheduler } = await startApp({}, options);
    const { items } = await scheduler.listExecutions({ status: 'COMPLETED', limit: 1_000 });
    expect(items).toHaveLength(MANY);
  });
});
