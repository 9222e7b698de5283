/** A timer that can be taken back; taking it back twice does nothing. */
export interface ClockTimer {
  cancel(): void;
  /** The platform's own handle, where there is one. */
  readonly handle?: NodeJS.Timeout;
}

/**
 * The only source of time. Everything that waits or compares instants is given one, so that a test can turn it.
 * `now` is wall time in ms, `monotonic` a steady count in ms for durations.
 */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Calls `fn` once after `ms`; delays beyond what the platform can count are waited in parts by the caller. */
  setTimer(ms: number, fn: () => void): ClockTimer;
  /** Calls `fn` every `ms`, first after `ms`. */
  setRepeating(ms: number, fn: () => void): ClockTimer;
}

/** setTimeout counts in 32 bits: a longer delay would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    const handle = setTimeout(fn, Math.min(Math.max(0, ms), MAX_TIMER_MS));
    return { handle, cancel: () => clearTimeout(handle) };
  }

  setRepeating(ms: number, fn: () => void): ClockTimer {
    const handle = setInterval(fn, ms);
    return { handle, cancel: () => clearInterval(handle) };
  }
}

/** What the promise gives, or `late()` where that takes longer than `ms`. The promise must not reject. */
export function within<T>(clock: Clock, ms: number, promise: Promise<T>, late: () => T): Promise<T> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(ms, () => resolve(late()));
    void promise.then((value) => {
      timer.cancel();
      resolve(value);
    });
  });
}

/** DI token of the Clock. */
export const CLOCK = Symbol.for('nestjs-advanced-scheduler:clock');
