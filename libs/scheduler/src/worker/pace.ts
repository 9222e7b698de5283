/** How far ahead of its slots a process may claim: as much work as passes in about one trip to the store, ms. */
const AHEAD_MS = 1;
/** The newest runs count most: each weighs so much. */
const WEIGHT = 1 / 16;

/** How long handlers take here, and how many runs may therefore be claimed ahead of free slots. */
export class Pace {
  private average: number | null = null;

  /** @param cap runs ahead at the most */
  constructor(
    private readonly slots: number,
    private readonly cap: number,
  ) {}

  /** @param ms that a handler took */
  note(ms: number): void {
    this.average = this.average === null ? ms : this.average + (ms - this.average) * WEIGHT;
  }

  /**
   * Runs that may wait here for a slot. None before the first run has ended, and none where handlers take long: what is
   * claimed ahead can be overtaken by nothing more urgent, and helps no other worker.
   */
  get ahead(): number {
    if (this.average === null) return 0;
    if (this.average <= 0) return this.cap;
    return Math.min(this.cap, Math.floor((this.slots * AHEAD_MS) / this.average));
  }

  /** After a run ahead had to wait too long: nothing is claimed ahead until runs are short again. */
  slow(): void {
    this.average = this.slots * AHEAD_MS * 2;
  }
}
