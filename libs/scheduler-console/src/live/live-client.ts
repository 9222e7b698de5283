import type { Socket } from 'socket.io';
import type { Hole } from './event-feed.js';
import type { LiveCaller } from './live-gate.js';

/** A client that has left so much unread is sent nothing more until it has read, bytes. */
const MAX_UNREAD = 1024 * 1024;
/** So long; then it is stuck, ms. */
const PATIENCE = 5000;

/** Why a client cannot go on event by event. */
export type ResyncReason =
  | Hole
  /** It said a position of another process, or none. */
  | 'UNKNOWN_POSITION';

/** One who follows: its place among the events, and what it leaves unread. */
export class LiveClient {
  /** Set: it waits for a resync. */
  lost: ResyncReason | null = null;
  private fullSince: number | null = null;

  /** @param cursor number of the last event that it was sent */
  constructor(
    readonly socket: Socket,
    readonly caller: LiveCaller,
    public cursor: number,
  ) {}

  /** Whether it may be sent more; and if not, whether it has been so for too long. */
  look(): 'ready' | 'full' | 'stuck' {
    const now = performance.now();
    if (this.unread <= MAX_UNREAD) {
      this.fullSince = null;
      return 'ready';
    }
    this.fullSince ??= now;
    return now - this.fullSince > PATIENCE ? 'stuck' : 'full';
  }

  /** Ends it at once. A close would wait until all is read. */
  drop(): void {
    this.webSocket?.terminate();
  }

  /** What lies in the WebSocket, and what engine.io holds back until that has gone. */
  private get unread(): number {
    const { writeBuffer } = this.socket.conn as unknown as { writeBuffer: readonly { data?: string }[] };
    const held = writeBuffer.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    return (this.webSocket?.bufferedAmount ?? 0) + held;
  }

  /** What socket.io writes to: a WebSocket of the package ws. */
  private get webSocket(): { bufferedAmount: number; terminate(): void } | undefined {
    return (this.socket.conn.transport as unknown as { socket?: { bufferedAmount: number; terminate(): void } }).socket;
  }
}
