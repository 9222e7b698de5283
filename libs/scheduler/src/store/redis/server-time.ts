/** Replies that were longer under way say too little about the server's time, ms. */
const LONGEST_TRIP_MS = 1000;
/** The newest replies that count: a change of the network or of a clock is followed after so many. */
const SAMPLES = 8;

/**
 * How old something is that bears the server's time. A reply shows a time that passed before the reply was read; of the
 * newest replies the fastest one is nearest. So an age is never overstated, and understated by one fast trip at the most,
 * however long a message lay in the socket of a process that stood still.
 */
export class ServerTime {
  private readonly offsets: number[] = [];
  private next = 0;
  private best = -Infinity;

  /** @param server ms, the other two: monotonic ms of this process */
  note(server: number, sentAt: number, receivedAt: number): void {
    if (receivedAt - sentAt > LONGEST_TRIP_MS) return;
    this.offsets[this.next] = server - receivedAt;
    this.next = (this.next + 1) % SAMPLES;
    this.best = Math.max(...this.offsets);
  }

  /** The server's time now or some ms ago; null: no reply has shown it yet. */
  at(monotonic: number): number | null {
    return this.best === -Infinity ? null : this.best + monotonic;
  }

  /** @returns ms; Infinity where nothing is known */
  ageOf(server: number, monotonic: number): number {
    return this.best === -Infinity ? Infinity : Math.max(0, this.best + monotonic - server);
  }
}
