import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { UnservedWatch } from '../../libs/scheduler/src/maintenance/unserved-watch.js';
import { MemoryTaskStore } from '../../libs/scheduler/src/store/memory/memory.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { helloOf, newExecution } from '../contract/fixtures.js';

describe('the watch over unserved work', () => {
  let warnings: string[];
  beforeEach(() => {
    warnings = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: string) => void warnings.push(message));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('reports a queue that is unserved in two passes in a row, once, and again after it was served in between', async () => {
    const clock = new ManualClock();
    const store = new MemoryTaskStore({ clock });
    const watch = new UnservedWatch(store, 'default', new SchedulerRegistry(), clock);
    const passes = async (count: number) => {
      for (let i = 0; i < count; i++) await watch.run();
    };
    await store.enqueue([newExecution({ queue: 'mail' })]);
    await passes(1);
    expect(warnings).toEqual([]);
    await passes(3);
    const warning = "no live worker serves queue 'mail': its executions wait";
    expect(warnings).toEqual([warning]);

    await store.register(helloOf('w1', { queues: ['mail'] }));
    await passes(2);
    await store.drain('w1');
    await passes(3);
    expect(warnings).toEqual([warning, warning]);
  });
});
