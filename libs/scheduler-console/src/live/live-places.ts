import type { Socket } from 'node:net';

/** On all channels of a console. */
const MAX_CLIENTS = 100;
/** Of one caller, by name, so that others get in beside it. */
const MAX_OF_ONE = 25;

/** The places of the live channel: one for each connection, from its upgrade until it closes. */
export class LivePlaces {
  private readonly callers = new Map<Socket, string>();

  /** @returns false: there is none left, in all or for this caller */
  take(caller: string, socket: Socket): boolean {
    if (this.callers.size >= MAX_CLIENTS || socket.destroyed) return false;
    let own = 0;
    for (const other of this.callers.values()) if (other === caller) own++;
    if (own >= MAX_OF_ONE) return false;
    this.callers.set(socket, caller);
    socket.once('close', () => this.callers.delete(socket));
    return true;
  }
}
