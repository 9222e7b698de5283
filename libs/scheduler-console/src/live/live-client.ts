import type { Socket } from 'socket.io';
import type { EventRing } from './event-ring.js';
import type { Session } from './live-gate.js';

/** What may be on its way to a client and not be taken by its network yet. */
export const MAX_IN_FLIGHT = 256;
export const MAX_BYTES_IN_FLIGHT = 1_048_576;

/**
 * One client: a place in the ring, and what is on its way. It is sent no more than the bound; when the ring has passed its
 * place meanwhile, it is too slow.
 */
export class LiveClient {
  private inFlight = 0;
  private bytes = 0;
  private held = false;

  /** @param cursor number of the last event it has seen */
  constructor(
    readonly socket: Socket,
    readonly session: Session,
    private readonly ring: EventRing,
    private cursor: number,
    private readonly onPassed: (client: LiveClient, isSlow: boolean) => void,
  ) {}

  /** Goes on after `seq`. */
  moveTo(seq: number): void {
    this.cursor = seq;
    this.held = false;
    this.pump();
  }

  /** Sends no event until `moveTo`. */
  hold(): void {
    this.held = true;
  }

  /** Sends what is new, as far as the bound allows. */
  pump(): void {
    if (this.held || !this.socket.connected) return;
    if (!this.ring.reaches(this.cursor)) {
      this.onPassed(this, this.isFull());
      return;
    }
    while (this.cursor < this.ring.head && !this.isFull())
      this.write(this.ring.packet(++this.cursor, this.session.principal.payloads));
  }

  private isFull(): boolean {
    return this.inFlight >= MAX_IN_FLIGHT || this.bytes >= MAX_BYTES_IN_FLIGHT;
  }

  private write(packet: string): void {
    this.inFlight++;
    this.bytes += packet.length;
    this.socket.conn.write(packet, { compress: false }, () => {
      this.inFlight--;
      this.bytes -= packet.length;
      if (this.inFlight === 0) this.pump();
    });
  }
}
