import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { ManualClock } from 'nestjs-advanced-scheduler/testing';
import { Actor } from '../../libs/scheduler/src/maintenance/actor.js';

class Duty extends Actor {
  readonly passed: number[] = [];
  during: () => Promise<void> = () => Promise.resolve();

  constructor(
    registry: SchedulerRegistry,
    readonly time: ManualClock,
  ) {
    super('scheduler:test:duty', 1000, registry, time);
  }
  isNeeded = true;

  protected override isDue(): Promise<boolean> {
    return Promise.resolve(this.isNeeded);
  }

  protected async pass(): Promise<void> {
    this.passed.push(this.time.now());
    await this.during();
  }
  ring(at: number): void {
    this.wakeAt(at);
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const clock = new ManualClock(0);
  const registry = new SchedulerRegistry();
  return { clock, registry, duty: new Duty(registry, clock) };
}

async function step(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await turn();
}

describe('Actor', () => {
  it('refuses a second actor of its name, as two schedulers of one name would create', () => {
    const { clock, registry, duty } = setUp();
    duty.start();
    expect(() => new Duty(registry, clock).start()).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', field: 'name' }),
    );
    return duty.stop();
  });

  it('runs a pass at its start and at each interval, until it is stopped', async () => {
    const { clock, registry, duty } = setUp();
    duty.start();
    duty.start();
    await turn();
    await step(clock, 1000);
    await step(clock, 1000);
    expect(duty.passed).toEqual([0, 1000, 2000]);
    expect(registry.getIntervals()).toEqual(['scheduler:test:duty']);
    await duty.stop();
    await step(clock, 5000);
    expect(duty.passed).toHaveLength(3);
    expect(registry.getIntervals()).toEqual([]);
  });

  it('runs a pass at the instant for which it was woken, the earliest of several', async () => {
    const { clock, duty } = setUp();
    duty.start();
    await turn();
    duty.ring(500);
    duty.ring(300);
    duty.ring(700);
    // Too far away for an alarm: the interval comes before.
    duty.ring(99_999);
    await step(clock, 299);
    expect(duty.passed).toEqual([0]);
    await step(clock, 1);
    expect(duty.passed).toEqual([0, 300]);
    await step(clock, 600);
    expect(duty.passed).toEqual([0, 300]);
    await duty.stop();
  });

  it('never runs two passes at once: requests during a pass cause one more pass', async () => {
    const { clock, duty } = setUp();
    let release!: () => void;
    duty.during = () => new Promise((resolve) => (release = resolve));
    const first = duty.run();
    const second = duty.run();
    const third = duty.run();
    expect(duty.passed).toHaveLength(1);
    release();
    await turn();
    expect(duty.passed).toHaveLength(2);
    release();
    await Promise.all([first, second, third]);
    expect(duty.passed).toHaveLength(2);
    clock.advance(1);
  });

  it('continues after a failed pass', async () => {
    const { clock, duty } = setUp();
    Logger.overrideLogger(false);
    duty.during = () => Promise.reject(new Error('no store'));
    duty.start();
    await turn();
    duty.during = () => Promise.resolve();
    await step(clock, 1000);
    expect(duty.passed).toEqual([0, 1000]);
    await duty.stop();
  });

  it('skips the pass of an interval in which nothing is due, but not a requested one', async () => {
    const { clock, duty } = setUp();
    duty.isNeeded = false;
    duty.start();
    await turn();
    duty.ring(300);
    await step(clock, 999);
    await step(clock, 1);
    expect(duty.passed).toEqual([0, 300]);
    duty.isNeeded = true;
    await step(clock, 1000);
    expect(duty.passed).toEqual([0, 300, 2000]);
    await duty.stop();
  });

  it('stops if its interval is deleted from the registry', async () => {
    const { clock, registry, duty } = setUp();
    duty.start();
    await turn();
    registry.deleteInterval('scheduler:test:duty');
    await step(clock, 1000);
    await step(clock, 1000);
    expect(duty.passed).toEqual([0]);
    await duty.stop();
  });
});
