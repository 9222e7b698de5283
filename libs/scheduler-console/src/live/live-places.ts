import type { Socket } from 'node:net';

/** For all channels of a console. */
const MAX_CLIENTS = 100;
/** For one caller, by name, so others can connect as well. */
const MAX_OF_ONE = 25;

/** The places of the live channel: a connection has one from its upgrade until it closes. */
export class LivePlaces {
  private readonly callers = new Map<Socket, string>();

  /** @returns false if none is left, in total or for this caller */
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
