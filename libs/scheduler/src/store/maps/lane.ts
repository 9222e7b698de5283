import type { ExchangeReply } from '../task-store.js';

/** The newest trip of a lane, and the reply to it for a repeat. */
export interface Lane {
  sequence: number;
  reply: ExchangeReply;
  /** Its worker has joined again since. */
  isGreeted: boolean;
}
