import type { Clock, ClockTimer } from '../core/clock.js';
import { instantOf } from '../core/instant.js';

interface Pending {
  at: number;
  order: number;
  fn: () => void;
  repeating: boolean;
}

/** A clock that only tests advance. Timers fire in the order of their instants, each at its own instant. */
export class ManualClock implements Clock {
  /** Monotonic time of the timers, ms. */
  private time: number;
  /** ms by which the wall clock has been set forward. */
  private ahead = 0;
  private order = 0;
  private fired = 0;
  private readonly timers = new Set<Pending>();

  /** @param start initial instant. Default 2026-01-01T00:00:00Z */
  constructor(start: Date | string | number = '2026-01-01T00:00:00Z') {
    this.time = check(start);
  }

  now(): number {
    return this.time + this.ahead;
  }

  monotonic(): number {
    return this.time;
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    return this.add(ms, fn, false);
  }

  setRepeating(ms: number, fn: () => void): ClockTimer {
    const repeat = (): ClockTimer => this.add(ms, tick, true);
    const tick = (): void => {
      timer = repeat();
      fn();
    };
    let timer = repeat();
    return { cancel: () => timer.cancel() };
  }

  /** Number of one-shot timers that have fired. */
  get firedOnce(): number {
    return this.fired;
  }

  /** Advances by `ms` and fires the timers that become due. */
  advance(ms: number): void {
    this.advanceTo(this.now() + ms);
  }

  /**
   * Sets the wall clock forward by `ms` (negative: back), like NTP or a suspended machine: no time passes, no timer
   * fires.
   */
  step(ms: number): void {
    this.ahead += ms;
  }

  /**
   * Advances to an instant, never back, and fires the timers that become due.
   * @param until stops after the timer that makes it true
   * @throws RangeError if it is not an instant
   */
  advanceTo(instant: Date | string | number, until: () => boolean = () => false): void {
    const target = check(instant) - this.ahead;
    for (let next = this.earliest(); next && next.at <= target; next = this.earliest()) {
      this.timers.delete(next);
      if (!next.repeating) this.fired++;
      this.time = Math.max(this.time, next.at);
      next.fn();
      if (until()) return;
    }
    this.time = Math.max(this.time, target);
  }

  private add(ms: number, fn: () => void, repeating: boolean): ClockTimer {
    const timer = { at: this.time + Math.max(0, ms), order: this.order++, fn, repeating };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  private earliest(): Pending | undefined {
    let first: Pending | undefined;
    for (const timer of this.timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  }
}

/** @throws RangeError also for text without a zone */
function check(value: Date | string | number): number {
  const time = instantOf(value);
  if (Number.isNaN(time)) throw new RangeError(`${JSON.stringify(value)} is not an instant (text needs a zone)`);
  return time;
}
