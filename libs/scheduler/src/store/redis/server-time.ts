/** Replies of slower round trips are too imprecise, ms. */
const MAX_ROUND_TRIP_MS = 1000;
/** Newest replies that count: after so many, a change of the network or of a clock is reflected. */
const SAMPLES = 8;

/**
 * Estimates the server's time, and with it the age of messages. The time in a reply has passed when the reply is read; the
 * fastest of the newest replies is the closest. So an age is never overstated, and understated by at most one fast round
 * trip, no matter how long a message was in the socket of a blocked process.
 */
export class ServerTime {
  private readonly offsets: number[] = [];
  private next = 0;
  private best = -Infinity;

  /** @param server ms since 1970; the others are monotonic ms of this process */
  observe(server: number, sentAt: number, receivedAt: number): void {
    if (receivedAt - sentAt > MAX_ROUND_TRIP_MS) return;
    this.offsets[this.next] = server - receivedAt;
    this.next = (this.next + 1) % SAMPLES;
    this.best = Math.max(...this.offsets);
  }

  /** The server's time, possibly some ms ago; null: no reply yet. */
  at(monotonic: number): number | null {
    return this.best === -Infinity ? null : this.best + monotonic;
  }

  /** @returns ms; Infinity if there was no reply yet */
  ageOf(server: number, monotonic: number): number {
    return this.best === -Infinity ? Infinity : Math.max(0, this.best + monotonic - server);
  }
}
