// Of the module: fake timers of a test framework replace the global one.
import { setImmediate } from 'node:timers';
import type { Clock, ClockTimer } from '../core/clock.js';

/** ms after a standstill of the event loop in which a renewal may still be acknowledged. */
const AFTER_STANDSTILL_MS = 1000;
/** A timer that is later than that comes after a standstill, ms. */
const LATE_MS = 100;

/**
 * Notices by the clock of this process that its lease is over: a worker that is cut off from the store alone hears from
 * nobody that others may run what runs here.
 */
export class LeaseWatch {
  private timer: ClockTimer | null = null;
  private dueAt = 0;

  /**
   * @param lease ms
   * @param age ms since the newest renewal that the store has acknowledged was sent
   * @param onOver called at the end of the lease, and then three times in each lease until one is acknowledged
   */
  constructor(
    private readonly clock: Clock,
    private readonly lease: number,
    private readonly age: () => number,
    private readonly onOver: () => void,
  ) {}

  start(): void {
    this.arm(this.lease - this.age());
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private arm(wait: number): void {
    const ms = Math.max(wait, 1);
    this.dueAt = this.clock.monotonic() + ms;
    this.timer = this.clock.setTimer(ms, () => this.look());
  }

  private look(): void {
    if (this.age() < this.lease) return this.arm(this.lease - this.age());
    const late = this.clock.monotonic() - this.dueAt;
    // The event loop may have stood still: what the store has answered meanwhile is read first.
    if (late < LATE_MS) setImmediate(() => this.judge());
    else this.timer = this.clock.setTimer(AFTER_STANDSTILL_MS, () => this.judge());
  }

  private judge(): void {
    if (this.timer === null) return;
    const left = this.lease - this.age();
    if (left <= 0) this.onOver();
    this.arm(left > 0 ? left : this.lease / 3);
  }
}
