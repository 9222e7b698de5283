import type { Socket } from 'socket.io';
import type { FeedGap } from './event-feed.js';
import type { LiveCaller } from './live-auth.js';

/** Above so many unread bytes the server pauses for a client until it reads. */
const MAX_UNREAD = 1024 * 1024;
/** After so long a pause the client is stuck, ms. */
const MAX_PAUSE_MS = 5000;

/** Why a client needs the state instead of further events. */
export type ResyncReason =
  | FeedGap
  /** Its position is of another process, or invalid. */
  | 'UNKNOWN_POSITION';

/** A connected client: its position in the events, and its unread data. */
export class LiveClient {
  /** Set while it waits for a resync. */
  lost: ResyncReason | null = null;
  private fullSince: number | null = null;

  /** @param cursor number of the last event sent to it */
  constructor(
    readonly socket: Socket,
    readonly caller: LiveCaller,
    public cursor: number,
  ) {}

  /** Whether it may be sent more; if not, whether the pause is too long. */
  refresh(): 'ready' | 'full' | 'stuck' {
    const now = performance.now();
    if (this.unread <= MAX_UNREAD) {
      this.fullSince = null;
      return 'ready';
    }
    this.fullSince ??= now;
    return now - this.fullSince > MAX_PAUSE_MS ? 'stuck' : 'full';
  }

  /** Terminates it at once. A close would wait until everything is read. */
  drop(): void {
    this.webSocket?.terminate();
  }

  /** Bytes in the WebSocket, and those that engine.io holds back until it is writable. */
  private get unread(): number {
    const { writeBuffer } = this.socket.conn as unknown as { writeBuffer: readonly { data?: string }[] };
    const held = writeBuffer.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    return (this.webSocket?.bufferedAmount ?? 0) + held;
  }

  /** The socket to which socket.io writes: a WebSocket of the package ws. */
  private get webSocket(): { bufferedAmount: number; terminate(): void } | undefined {
    return (this.socket.conn.transport as unknown as { socket?: { bufferedAmount: number; terminate(): void } }).socket;
  }
}
