/** How far ahead of its slots a process may claim: the work of about one round trip to the store, ms. */
const AHEAD_MS = 1;
/** Claims that have not started are no more than the event loop can start in so many ms. */
const BEGIN_MS = 20;
/** Weight of the newest run in the averages. */
const WEIGHT = 1 / 16;

/** Measures handlers, and derives how many runs may be claimed at once and prefetched. */
export class PrefetchLimit {
  private average: number | null = null;
  private held = 0;

  /** @param cap maximum number of prefetched runs */
  constructor(
    private readonly slots: number,
    private readonly cap: number,
  ) {}

  /** @param ms duration of a handler */
  record(ms: number): void {
    this.average = this.average === null ? ms : this.average + (ms - this.average) * WEIGHT;
  }

  /** @param ms for which a handler blocked the event loop when it started, and so delayed the claims behind it */
  recordBlocked(ms: number): void {
    this.held += (ms - this.held) * WEIGHT;
  }

  /**
   * Number of runs that may be prefetched. None before the first run has ended, and none if handlers are slow: a
   * prefetched run cannot be overtaken by more urgent work, and is not available to other workers.
   */
  get runs(): number {
    if (this.average === null) return 0;
    if (this.average <= 0) return this.cap;
    return Math.min(this.cap, Math.floor((this.slots * AHEAD_MS) / this.average));
  }

  /** Number of claims that may be here, or requested, without having started. */
  get atOnce(): number {
    return this.held <= 0 ? Infinity : Math.max(1, Math.floor(BEGIN_MS / this.held));
  }

  /** After a claim had to wait too long: nothing is prefetched until runs are short again. */
  reset(): void {
    this.average = this.slots * AHEAD_MS * 2;
  }
}
