import type { Clock, ClockTimer } from '../../../core/clock.js';

export interface RenewalLoopSettings {
  /** ms between two renewals. */
  interval: number;
  /** ms after which a process with a blocked event loop counts as dead. */
  stallLimit: number;
}

/**
 * Renews a worker's lease and locks. `isBlocked`: the event loop of its process has not turned since the last renewal.
 */
export type Renew = (workerId: string, isBlocked: boolean) => Promise<unknown>;

/** Renews the leases of the workers of a process at intervals, until its event loop has been blocked for too long. */
export class RenewalLoop {
  #workers: readonly string[] = [];
  #timer: ClockTimer | undefined;
  #turn: number;
  #lastTurnAt: number;
  #isBusy = false;
  #isFailing = false;

  /**
   * @param turns counts the turns of the event loop
   * @param warn called with the first of consecutive failures
   */
  constructor(
    private readonly renew: Renew,
    private readonly turns: Int32Array,
    private readonly settings: RenewalLoopSettings,
    private readonly clock: Clock,
    private readonly warn: (message: string) => void,
  ) {
    this.#turn = Atomics.load(turns, 0);
    this.#lastTurnAt = clock.monotonic();
  }

  start(): void {
    this.#timer ??= this.clock.setRepeating(this.settings.interval, () => void this.#renewAll());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  setWorkers(workers: readonly string[]): void {
    this.#workers = workers;
  }

  async #renewAll(): Promise<void> {
    const turn = Atomics.load(this.turns, 0);
    const isBlocked = turn === this.#turn;
    if (!isBlocked) this.#lastTurnAt = this.clock.monotonic();
    this.#turn = turn;
    // A renewal in flight is retried by its connection; a dead process must lose its runs.
    if (this.#isBusy || this.clock.monotonic() - this.#lastTurnAt > this.settings.stallLimit) return;
    this.#isBusy = true;
    try {
      await Promise.all(this.#workers.map((worker) => this.renew(worker, isBlocked)));
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.warn(error instanceof Error ? error.message : String(error));
      this.#isFailing = true;
    } finally {
      this.#isBusy = false;
    }
  }
}
