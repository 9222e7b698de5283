import type { Clock, ClockTimer } from '../core/clock.js';

interface Pending {
  at: number;
  order: number;
  fn: () => void;
}

/** A clock that moves only when told to. Timers fire in the order of their instants, each at its own instant. */
export class ManualClock implements Clock {
  private time: number;
  private order = 0;
  private readonly timers = new Set<Pending>();

  /** @param start where it stands at first. Default 2026-01-01T00:00:00Z */
  constructor(start: Date | string | number = '2026-01-01T00:00:00Z') {
    this.time = new Date(start).getTime();
  }

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    const timer = { at: this.time + Math.max(0, ms), order: this.order++, fn };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  setRepeating(ms: number, fn: () => void): ClockTimer {
    let timer = this.setTimer(ms, tick);
    const repeat = (): ClockTimer => this.setTimer(ms, tick);
    function tick(): void {
      timer = repeat();
      fn();
    }
    return { cancel: () => timer.cancel() };
  }

  /** When the next timer fires, ms, or null. */
  nextTimer(): number | null {
    return this.earliest()?.at ?? null;
  }

  /** Moves on by `ms`, firing what falls due on the way. */
  advance(ms: number): void {
    this.advanceTo(this.time + ms);
  }

  /** Moves to an instant, never back, firing what falls due on the way. */
  advanceTo(instant: Date | string | number): void {
    const target = new Date(instant).getTime();
    for (let next = this.earliest(); next && next.at <= target; next = this.earliest()) {
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.fn();
    }
    this.time = Math.max(this.time, target);
  }

  private earliest(): Pending | undefined {
    let first: Pending | undefined;
    for (const timer of this.timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  }
}
