import type { Clock } from '../../../core/clock.js';

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

  /** The instant now, in 13 digits; zeros until it is known. */
  text(): string {
    if (this.#ahead === null) return UNKNOWN_INSTANT;
    return instantText(this.#ahead + this.clock.monotonic());
  }
}

export function instantText(instant: number): string {
  return `${Math.max(0, Math.floor(instant))}`.padStart(DIGITS, '0').slice(-DIGITS);
}
