import type { Clock, ClockTimer } from '../core/clock.js';

/**
 * A clock whose repeating timers of the same interval are one: what they ask the store at the same time is one request. Timers
 * of their own would drift apart.
 */
export class CommonIntervals implements Clock {
  private readonly intervals = new Map<number, { timer: ClockTimer; callbacks: Set<() => void> }>();

  constructor(private readonly clock: Clock) {}

  now(): number {
    return this.clock.now();
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    return this.clock.setTimer(ms, fn);
  }

  /** The first of an interval determines when it fires. The timer has no handle. */
  setRepeating(ms: number, fn: () => void): ClockTimer {
    let interval = this.intervals.get(ms);
    if (interval === undefined) {
      const callbacks = new Set<() => void>();
      const fire = (): void => callbacks.forEach((callback) => callback());
      interval = { timer: this.clock.setRepeating(ms, fire), callbacks };
      this.intervals.set(ms, interval);
    }
    const { timer, callbacks } = interval;
    callbacks.add(fn);
    const cancel = (): void => {
      if (!callbacks.delete(fn) || callbacks.size > 0) return;
      timer.cancel();
      this.intervals.delete(ms);
    };
    return { cancel };
  }
}
