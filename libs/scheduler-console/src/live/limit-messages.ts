import type { EventEmitter } from 'node:events';

const MAX_MESSAGES_PER_SECOND = 10;
/** Time for a client to join, ms. */
const JOIN_WITHIN = 5000;
/** Time for a client to answer a close, ms; ws waits 30 s, also at a stop of the app. */
const CLOSE_WITHIN = 1000;

/** A connection of engine.io over a WebSocket of the package ws. */
export interface Connection extends EventEmitter {
  transport: { socket?: EventEmitter & { terminate(): void } };
}

/**
 * Terminates a connection that sends more than our clients need, from its first byte: before it has joined, for unknown
 * namespaces, and in frames that socket.io never sees. Replies to such a client would accumulate here until it reads.
 * Also terminates a client that does not join.
 * @returns a function to call when it has joined
 */
export function limitMessages(connection: Connection): () => void {
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
    // Our messages have no binary parts, which the parser would collect.
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
