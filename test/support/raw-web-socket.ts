import { once } from 'node:events';
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

/** Kinds of frames (RFC 6455, 5.2). */
export const FRAME = { text: 1, binary: 2, ping: 9 } as const;

/** A WebSocket to 127.0.0.1 whose client writes frames as it likes, and reads what it likes. */
export class RawWebSocket {
  private constructor(readonly socket: Socket) {
    socket.on('error', () => undefined);
  }

  static async connect(port: number, path: string, headers: OutgoingHttpHeaders): Promise<RawWebSocket> {
    const key = { 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', ...key };
    const asked = request({ host: '127.0.0.1', port, path, headers: { ...upgrade, ...headers } });
    asked.end();
    const [, socket, head] = (await once(asked, 'upgrade')) as [IncomingMessage, Socket, Buffer];
    socket.unshift(head);
    return new RawWebSocket(socket);
  }

  /** Writes one frame of less than 64 KiB. */
  send(data: string | Buffer, kind: keyof typeof FRAME = 'text'): void {
    const bytes = Buffer.from(data as string);
    // Masked, as a client's must be, with a mask of zeros.
    const head = bytes.length < 126 ? [0x80 | bytes.length] : [0x80 | 126, bytes.length >> 8, bytes.length & 255];
    this.socket.write(Buffer.concat([Buffer.from([0x80 | FRAME[kind], ...head, 0, 0, 0, 0]), bytes]));
  }
}
