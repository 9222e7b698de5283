import type { Clock } from '../../../core/clock.js';

/** The verb that adjusts the store's deadlines after a step forward of its clock. */
export const FOLLOW_FORWARD = 'followForward';

const LEAST_STEP_MS = 2000;
/** Digits of an instant in ms. Fixed, so the instant of a repeated call can be replaced in place. */
const DIGITS = 13;
export const UNKNOWN_INSTANT = '0'.repeat(DIGITS);

/**
 * Estimates the store's time. A reply contains an instant between the sending of its request and its receipt, which bounds
 * the offset of the store's clock from the monotonic clock of this process, even if the reply is read late.
 */
export class StoreClock {
  #ahead: number | null = null;

  constructor(private readonly clock: Clock) {}

  /** Monotonic ms, for `observe`. */
  monotonic(): number {
    return this.clock.monotonic();
  }

  /**
   * @param now the store's time in a reply
   * @param sentAt when its request was sent, monotonic ms
   */
  observe(now: number, sentAt: number): void {
    const [least, most] = [now - this.clock.monotonic(), now - sentAt];
    this.#ahead = this.#ahead === null ? most : Math.min(Math.max(this.#ahead, least), most);
  }

  /**
   * Adjusts the offset after a step forward of the store's clock.
   * @param now the store's time in a reply that has just been read
   * @returns minimum ms by which the store's clock has jumped forward; 0: the difference may be network time
   */
  follow(now: number): number {
    if (this.#ahead === null) return 0;
    const by = Math.floor(now - this.#ahead - this.clock.monotonic());
    if (by < LEAST_STEP_MS) return 0;
    this.#ahead += by;
    return by;
  }

  /** The current instant in 13 digits; zeros: not known yet. */
  text(): string {
    if (this.#ahead === null) return UNKNOWN_INSTANT;
    return instantText(this.#ahead + this.clock.monotonic());
  }
}

export function instantText(instant: number): string {
  return `${Math.max(0, Math.floor(instant))}`.padStart(DIGITS, '0').slice(-DIGITS);
}
