import type { Clock, ClockTimer } from '../../../core/clock.js';

export interface BeatLoopSettings {
  /** ms between two beats. */
  interval: number;
  /** ms for which the event loop of the process may stand still; longer, and it counts as dead. */
  stallLimit: number;
}

/**
 * Renews a worker's lease and locks. `standsStill`: the event loop of its process has not turned since the last beat.
 */
export type Renew = (workerId: string, standsStill: boolean) => Promise<unknown>;

/** Beats in time for the workers of a process, as long as its event loop turns now and then. */
export class BeatLoop {
  #workers: readonly string[] = [];
  #timer: ClockTimer | undefined;
  #turn: number;
  #turnedAt: number;
  #isBusy = false;
  #isFailing = false;

  /**
   * @param turns counts the turns of the event loop
   * @param warn hears of the first failure in a row
   */
  constructor(
    private readonly renew: Renew,
    private readonly turns: Int32Array,
    private readonly settings: BeatLoopSettings,
    private readonly clock: Clock,
    private readonly warn: (message: string) => void,
  ) {
    this.#turn = Atomics.load(turns, 0);
    this.#turnedAt = clock.monotonic();
  }

  start(): void {
    this.#timer ??= this.clock.setRepeating(this.settings.interval, () => void this.#beat());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  serve(workers: readonly string[]): void {
    this.#workers = workers;
  }

  async #beat(): Promise<void> {
    const turn = Atomics.load(this.turns, 0);
    const standsStill = turn === this.#turn;
    if (!standsStill) this.#turnedAt = this.clock.monotonic();
    this.#turn = turn;
    // What is under way is repeated by itself; what is dead shall lose its runs.
    if (this.#isBusy || this.clock.monotonic() - this.#turnedAt > this.settings.stallLimit) return;
    this.#isBusy = true;
    try {
      await Promise.all(this.#workers.map((worker) => this.renew(worker, standsStill)));
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.warn(error instanceof Error ? error.message : String(error));
      this.#isFailing = true;
    } finally {
      this.#isBusy = false;
    }
  }
}
