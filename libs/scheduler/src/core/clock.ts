/** A timer that can be cancelled, also more than once. */
export interface ClockTimer {
  cancel(): void;
  /** The platform's handle, if there is one. */
  readonly handle?: NodeJS.Timeout;
}

/**
 * The only source of time. Code that waits or compares instants takes a Clock, so tests can control it. `now` is wall
 * time in ms, `monotonic` a monotonic time in ms for durations.
 */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Calls `fn` once after `ms`. The caller splits delays above MAX_TIMER_MS. */
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

/** Resolves with the result of the promise, or with `late()` after `ms`. The promise must not reject. */
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
