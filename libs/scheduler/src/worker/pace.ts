/** How far ahead of its slots a process may claim: as much work as passes in about one trip to the store, ms. */
const AHEAD_MS = 1;
/** Claims that have not begun are no more than the event loop can begin in so many ms. */
const BEGIN_MS = 20;
/** The newest runs count most: each weighs so much. */
const WEIGHT = 1 / 16;

/** How long handlers take here, and how many runs may therefore be claimed at once, and ahead of free slots. */
export class Pace {
  private average: number | null = null;
  private held = 0;

  /** @param cap runs ahead at the most */
  constructor(
    private readonly slots: number,
    private readonly cap: number,
  ) {}

  /** @param ms that a handler took */
  note(ms: number): void {
    this.average = this.average === null ? ms : this.average + (ms - this.average) * WEIGHT;
  }

  /** @param ms that a handler held the event loop when it began: the claims behind it waited for so long */
  noteHeld(ms: number): void {
    this.held += (ms - this.held) * WEIGHT;
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

  /** Claims that may be here, or on their way, without having begun. */
  get atOnce(): number {
    return this.held <= 0 ? Infinity : Math.max(1, Math.floor(BEGIN_MS / this.held));
  }

  /** After a claim had to wait too long: nothing is claimed ahead until runs are short again. */
  slow(): void {
    this.average = this.slots * AHEAD_MS * 2;
  }
}
