import type { Clock } from '../../core/clock.js';

/** Smaller differences may come from reading two clocks one after the other. */
const STEP_MS = 100;
const READINGS = 3;

/** Notices steps of the wall clock (NTP, a machine that was suspended, an operator) by the monotonic clock. */
export class StepWatch {
  /** Wall time minus monotonic time, ms. */
  private offset: number;

  constructor(private readonly clock: Clock) {
    this.offset = this.measure();
  }

  /** @param wall the time now @returns ms by which the wall clock has stepped since the last call; 0: it has not */
  step(wall: number): number {
    if (Math.abs(wall - this.clock.monotonic() - this.offset) < STEP_MS) return 0;
    const by = this.measure() - this.offset;
    if (Math.abs(by) < STEP_MS) return 0;
    this.offset += by;
    return Math.round(by);
  }

  /** The tightest of a few readings: the process may be interrupted between two clocks. */
  private measure(): number {
    let tightest = Number.POSITIVE_INFINITY;
    let offset = 0;
    for (let i = 0; i < READINGS; i++) {
      const before = this.clock.monotonic();
      const wall = this.clock.now();
      const after = this.clock.monotonic();
      if (after - before >= tightest) continue;
      tightest = after - before;
      offset = wall - after;
    }
    return offset;
  }
}
