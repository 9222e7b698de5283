import { afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from 'nestjs-advanced-scheduler/testing';
import { closeApps, startApp } from '../support/app.js';
import { suiteServer } from '../support/suite-server.js';

const SLOTS = 10;
const MANY = 500;

describe('a worker that prefetches', () => {
  const server = suiteServer();
  afterEach(closeApps);

  it('claims what cannot be prefetched as soon as it has slots, without a poll', async () => {
    let left = MANY;
    const ids: Promise<string>[] = [];
    // What has tags cannot be prefetched. Each run adds another one, which wakes the worker during its round trips.
    const add = (): void => void ids.push(scheduler.scheduleTask('work', { tags: ['x'] }));
    const work = (): void => {
      if (left-- > 0) add();
    };
    const { scheduler } = await startApp(
      { short: () => undefined, work },
      // Time stands still, so no timer starts a poll.
      { store: { type: 'redis', port: server().port }, clock: new ManualClock(), maxConcurrentTasks: SLOTS },
    );
    // Handlers take no time, so as many runs as possible are prefetched.
    await scheduler.waitForExecution(await scheduler.scheduleTask('short'));
    for (let i = 0; i < 5 * SLOTS; i++) add();
    for (let i = 0; i < ids.length; i++) {
      const { status } = await scheduler.waitForExecution(await ids[i]!);
      expect(status).toBe('COMPLETED');
    }
    expect(ids).toHaveLength(MANY + 5 * SLOTS);
  }, 60_000);
});
