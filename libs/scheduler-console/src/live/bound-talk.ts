import type { EventEmitter } from 'node:events';

const MAX_MESSAGES_PER_SECOND = 10;
/** Until a client has joined, ms. */
const JOIN_WITHIN = 5000;
/** Until a client has answered that it closes, ms; ws waits 30 s, at a stop of the app as well. */
const CLOSE_WITHIN = 1000;

/** A connection of engine.io over a WebSocket of the package ws. */
export interface Connection extends EventEmitter {
  transport: { socket?: EventEmitter & { terminate(): void } };
}

/**
 * Ends a connection that says more than a client of ours has to, from its first byte on: before it has joined, for unknown
 * namespaces, and in frames that socket.io never sees. What such a client is answered would lie here until it reads. A
 * client that does not join ends as well.
 * @returns to be called when it has joined
 */
export function boundTalk(connection: Connection): () => void {
  const webSocket = connection.transport.socket;
  let second = 0;
  let messages = 0;
  const count = (): void => {
    const now = performance.now();
    if (now - second > 1000) [second, messages] = [now, 0];
    if (++messages > MAX_MESSAGES_PER_SECOND) webSocket?.terminate();
  };
  connection.on('packet', ({ data }: { data?: unknown }) => {
    count();
    // No message of ours has parts in binary, and the parser would collect them.
    if (data !== undefined && typeof data !== 'string') webSocket?.terminate();
  });
  for (const frame of ['ping', 'pong']) webSocket?.on(frame, count);
  const timer = setTimeout(() => webSocket?.terminate(), JOIN_WITHIN).unref();
  connection.once('close', () => {
    clearTimeout(timer);
    setTimeout(() => webSocket?.terminate(), CLOSE_WITHIN).unref();
  });
  return () => clearTimeout(timer);
}
