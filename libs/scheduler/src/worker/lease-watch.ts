// From the module: fake timers of a test framework replace the global one.
import { setImmediate } from 'node:timers';
import type { Clock, ClockTimer } from '../core/clock.js';

/** ms after a standstill of the event loop in which a renewal may still be acknowledged. */
const AFTER_STANDSTILL_MS = 1000;
/** A timer that is later than this has followed a standstill, ms. */
const LATE_MS = 100;

/**
 * Detects the end of the lease by the clock of this process: a worker that is disconnected from the store receives no
 * message that others may take over its runs.
 */
export class LeaseWatch {
  private timer: ClockTimer | null = null;
  private dueAt = 0;

  /**
   * @param lease ms
   * @param age ms since the newest acknowledged renewal was sent
   * @param onOver called at the end of the lease, and then three times in each lease until a renewal is acknowledged
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
    this.timer = this.clock.setTimer(ms, () => this.check());
  }

  private check(): void {
    if (this.age() < this.lease) return this.arm(this.lease - this.age());
    const late = this.clock.monotonic() - this.dueAt;
    // After a standstill of the event loop, pending replies of the store are read first.
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
