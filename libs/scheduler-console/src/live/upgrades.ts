import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

/** Takes an upgrade request or leaves it. @returns whether it took the request */
export type TakeUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => boolean;

/** Other listeners may query a store before they answer. A request without activity for so long is not taken, ms. */
const WAIT_FOR_OTHERS = 1000;

const installed = new WeakMap<Server, Upgrades>();

/**
 * Shares the upgrade requests of an HTTP server among all consoles of the process.
 * @returns a function that reverts it
 */
export function takeUpgrades(server: Server, take: TakeUpgrade): () => void {
  const upgrades = installed.get(server) ?? new Upgrades(server);
  installed.set(server, upgrades);
  return upgrades.add(take);
}

/**
 * With a listener for upgrades, Node stops treating any connection that requests one as HTTP, for all routes of the
 * app. Requests that no listener takes are therefore passed back to the server as ordinary ones, as a server without a
 * listener treats them (RFC 9110, 7.8).
 */
class Upgrades {
  private readonly takers = new Set<TakeUpgrade>();

  constructor(private readonly server: Server) {}

  add(take: TakeUpgrade): () => void {
    if (this.takers.size === 0) this.server.on('upgrade', this.onUpgrade);
    this.takers.add(take);
    return () => {
      this.takers.delete(take);
      if (this.takers.size === 0) this.server.off('upgrade', this.onUpgrade);
    };
  }

  private readonly onUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    for (const take of this.takers) if (take(request, socket, head)) return;
    // Node has removed its own listeners: an error without one ends the process.
    socket.on('error', ignore);
    afterEarlier(socket, () => {
      if (this.server.listenerCount('upgrade') === 1) return this.handBack(request, socket, head);
      const written = socket.bytesWritten;
      setTimeout(() => {
        const isTaken = socket.bytesWritten > written || READS.some((event) => socket.listenerCount(event) > 0);
        if (!isTaken) this.handBack(request, socket, head);
      }, WAIT_FOR_OTHERS).unref();
    });
  };

  private handBack(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (socket.destroyed) return;
    socket.off('error', ignore);
    socket.unshift(Buffer.concat([withoutUpgrade(request), head]));
    this.server.emit(this.server instanceof TlsServer ? 'secureConnection' : 'connection', socket);
  }
}

/** Calls back when the earlier requests of this connection have been answered. */
function afterEarlier(socket: Socket, then: () => void): void {
  const { _httpMessage: earlier } = socket as Socket & { _httpMessage?: ServerResponse | null };
  if (earlier) earlier.once('close', () => afterEarlier(socket, then));
  else then();
}

/** Events by which other listeners read from a socket. */
const READS = ['data', 'readable'];

function ignore(): void {
  // The socket closes after it.
}

/** The request line and headers as received, without the headers that request the upgrade. */
function withoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]!.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
