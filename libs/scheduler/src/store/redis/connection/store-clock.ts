import type { Clock } from '../../../core/clock.js';

/** The verb by which the store follows a step forward of its clock. */
export const FOLLOW_FORWARD = 'followForward';

const LEAST_STEP_MS = 2000;
/** Digits of an instant in ms. Fixed, so that a call that is sent again can be given another instant in place. */
const DIGITS = 13;
export const UNKNOWN_INSTANT = '0'.repeat(DIGITS);

/**
 * The store's time as this process knows it. A reply bears an instant between sending and receiving it, which bounds by
 * how much the store's clock is ahead of the monotonic clock here, however late the reply is read.
 */
export class StoreClock {
  #ahead: number | null = null;

  constructor(private readonly clock: Clock) {}

  /** To be handed to `observe` with the reply. */
  monotonic(): number {
    return this.clock.monotonic();
  }

  /**
   * @param now the store's time in a reply
   * @param sentAt monotonic, when it was asked for
   */
  observe(now: number, sentAt: number): void {
    const [least, most] = [now - this.clock.monotonic(), now - sentAt];
    this.#ahead = this.#ahead === null ? most : Math.min(Math.max(this.#ahead, least), most);
  }

  /**
   * Follows a step forward that a reply shows.
   * @param now the store's time in a reply that has just been read
   * @returns ms by which the store's clock has gone forward at least; 0: by no more than replies may take
   */
  follow(now: number): number {
    if (this.#ahead === null) return 0;
    const by = Math.floor(now - this.#ahead - this.clock.monotonic());
    if (by < LEAST_STEP_MS) return 0;
    this.#ahead += by;
    return by;
  }

  /** The instant now, in 13 digits; zeros until it is known. */
  text(): string {
    if (this.#ahead === null) return UNKNOWN_INSTANT;
    return instantText(this.#ahead + this.clock.monotonic());
  }
}

export function instantText(instant: number): string {
  return `${Math.max(0, Math.floor(instant))}`.padStart(DIGITS, '0').slice(-DIGITS);
}
