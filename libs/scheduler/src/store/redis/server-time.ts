/** Replies of slower round trips are too imprecise, ms. */
const MAX_ROUND_TRIP_MS = 1000;
/** Newest replies that count: after so many, a change of the network or of a clock is reflected. */
const SAMPLES = 8;

/**
 * Estimates the server's time, and with it the age of messages. The server read the time in a reply after the request was
 * sent and before the reply was read; of the newest replies, those that limit it most count. A reply that has waited in the
 * socket of a blocked process so makes no age too small.
 */
export class ServerTime {
  /** How far the server's time is ahead of this process's, ms, by each of the newest replies: at least, and at most. */
  private readonly samples: { least: number; most: number }[] = [];
  private next = 0;
  private least = -Infinity;
  private most = Infinity;

  /** @param server ms since 1970; the others are monotonic ms of this process */
  observe(server: number, sentAt: number, receivedAt: number): void {
    if (receivedAt - sentAt > MAX_ROUND_TRIP_MS) return;
    this.samples[this.next] = { least: server - receivedAt, most: server - sentAt };
    this.next = (this.next + 1) % SAMPLES;
    this.least = Math.max(...this.samples.map(({ least }) => least));
    // Below the least is what is no longer true: the time in a stored reply, or the clock before it was set forward.
    this.most = Math.min(...this.samples.map(({ most }) => most).filter((most) => most >= this.least));
  }

  /** The server's time, possibly some ms ago; null: no reply yet. */
  at(monotonic: number): number | null {
    return this.least === -Infinity ? null : this.least + monotonic;
  }

  /** @returns ms, not less than it is, and at most one fast round trip more; Infinity if there was no reply yet */
  ageOf(server: number, monotonic: number): number {
    return Math.max(0, this.most + monotonic - server);
  }
}
