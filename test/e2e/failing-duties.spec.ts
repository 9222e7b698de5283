import { describe, expect, it } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Liveness, REGISTRATION } from '../../libs/scheduler/src/core/liveness.js';
import { SchedulerHealthMonitor } from '../../libs/scheduler/src/health/scheduler-health-monitor.js';
import { Actor } from '../../libs/scheduler/src/maintenance/actor.js';
import { MemoryTaskStore } from '../../libs/scheduler/src/store/memory/memory.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';

/** A duty that fails on request. */
class Duty extends Actor {
  fails = true;

  constructor(clock: ManualClock) {
    super('scheduler:test:duty', 1000, new SchedulerRegistry(), clock);
  }

  protected pass(): Promise<void> {
    return this.fails ? Promise.reject(new Error('the list is no list')) : Promise.resolve();
  }
}

function start() {
  const clock = new ManualClock();
  const liveness = new Liveness();
  const settings = { scheduler: 'test', maxConcurrentTasks: 1, threshold: 90, window: 3_600_000, stall: 60_000 };
  const monitor = new SchedulerHealthMonitor(new MemoryTaskStore({ clock }), liveness, clock, settings);
  const duty = new Duty(clock);
  duty.onPass = (name, error) => (error === null ? liveness.succeeded(name) : liveness.failed(name, error));
  return { liveness, monitor, duty };
}

describe('health', () => {
  it('is degraded while a duty fails twice in a row, and names the duty and the reason', async () => {
    const { monitor, duty } = start();
    await duty.run();
    expect(await monitor.getStatus()).toMatchObject({ status: 'healthy', metrics: { failingDuties: 0 } });
    await duty.run();
    const status = await monitor.getStatus();
    expect(status).toMatchObject({ status: 'degraded', metrics: { failingDuties: 1 } });
    expect(status.problems).toEqual(['scheduler:test:duty has failed 2 times in a row: the list is no list']);
    duty.fails = false;
    await duty.run();
    expect(await monitor.getStatus()).toMatchObject({ status: 'healthy', problems: [] });
  });

  it('is degraded at once if the registration of the worker is refused', async () => {
    const { monitor, liveness } = start();
    liveness.failed(REGISTRATION, new Error('no room'));
    expect(await monitor.getStatus()).toMatchObject({ status: 'degraded' });
    liveness.succeeded(REGISTRATION);
    expect(await monitor.getStatus()).toMatchObject({ status: 'healthy' });
  });
});
