import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger, type LoggerService } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { AdvancedTaskScheduler } from 'nestjs-advanced-scheduler';
import { Maintenance } from '../../libs/scheduler/src/maintenance/maintenance.js';
import { UnservedWatch } from '../../libs/scheduler/src/maintenance/unserved-watch.js';
import { MemoryTaskStore } from '../../libs/scheduler/src/store/memory/memory.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { helloOf, newExecution } from '../contract/fixtures.js';
import { gate, handlersOf, SILENT, startModule } from '../support/app.js';
import { describeEveryStore } from '../support/every-store.js';

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

describeEveryStore('a task that no live worker handles', (fresh) => {
  it('is named by why, health and one log line, and no more once it is handled', async () => {
    const warnings: string[] = [];
    const logger: LoggerService = { ...SILENT, warn: (line: unknown) => void warnings.push(String(line)) };
    const [begun, door] = [gate(), gate()];
    const tasks = handlersOf({ held: () => (begun.open(), door.opened) });
    const module = await startModule({ providers: [tasks] }, { ...fresh(), maxConcurrentTasks: 1 }, logger);
    const scheduler = module.get(AdvancedTaskScheduler);
    const maintenance = module.get(Maintenance, { strict: false });
    const why = async (id: string) => (await scheduler.why(id))!.text;
    scheduler.registerTask({ taskId: 'elsewhere', funcPath: 'elsewhere', remote: true });
    const held = await scheduler.scheduleTask('held');
    await begun.opened;
    const id = await scheduler.scheduleTask('elsewhere');
    expect(await why(id)).toBe("PENDING: no live worker that serves queue 'default' handles 'elsewhere'");
    door.open();
    await scheduler.waitForExecution(held);
    while ((await scheduler.getTaskStatus(id))!.waitingFor?.kind !== 'handler') await new Promise(setImmediate);
    expect(await why(id)).toBe("PENDING: no live worker handles 'elsewhere'");
    expect((await scheduler.getHealthStatus()).queueStats.unhandledTasks).toEqual(['elsewhere']);
    warnings.length = 0;
    for (let pass = 0; pass < 3; pass++) await maintenance.runAll();
    expect(warnings).toEqual(["no live worker handles task 'elsewhere': its executions wait"]);

    await scheduler.cancelTask(id);
    expect((await scheduler.getHealthStatus()).queueStats.unhandledTasks).toEqual([]);
  });
});
