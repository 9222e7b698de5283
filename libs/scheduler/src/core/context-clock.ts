import type { BootContext } from './boot-context.js';
import type { Clock, ClockTimer } from './clock.js';

/** A clock whose timers are created and called in the scheduler's async context. */
export class ContextClock implements Clock {
  constructor(
    private readonly clock: Clock,
    private readonly context: BootContext,
  ) {}

  now(): number {
    return this.clock.now();
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    return this.context.run(() => this.clock.setTimer(ms, () => this.context.run(fn)));
  }

  setRepeating(ms: number, fn: () => void): ClockTimer {
    return this.context.run(() => this.clock.setRepeating(ms, () => this.context.run(fn)));
  }
}
