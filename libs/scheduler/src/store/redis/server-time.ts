/** Replies of slower round trips are too imprecise, ms. */
const MAX_ROUND_TRIP_MS = 1000;
/** Number of replies to keep: a change of the network or of a clock is reflected after this many. */
const SAMPLES = 8;

/**
 * Estimates the server's time, and with it the age of messages. The server read the time in a reply after the request was
 * sent and before the reply was read; the tightest bounds of the newest replies apply. A reply that has waited in the socket
 * of a blocked process therefore does not make an age too small.
 */
export class ServerTime {
  /** For each of the newest replies: minimum and maximum ms by which the server's time is ahead of this process's. */
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
    // A value below the minimum is outdated: the time in a stored reply, or a clock that was set forward since.
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
