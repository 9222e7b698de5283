const MESSAGES_PER_SECOND = 10;

/** Messages that a client may send: ten at once, and ten a second. */
export class MessageBudget {
  private left = MESSAGES_PER_SECOND;
  private since: number | null = null;

  /** @returns false: none left at `now` (ms) */
  take(now: number): boolean {
    const passed = Math.max(0, now - (this.since ?? now));
    this.left = Math.min(MESSAGES_PER_SECOND, this.left + (passed * MESSAGES_PER_SECOND) / 1000);
    this.since = now;
    if (this.left < 1) return false;
    this.left--;
    return true;
  }
}
