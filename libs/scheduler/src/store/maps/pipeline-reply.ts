import type { ExchangeReply } from '../task-store.js';

/** The newest exchange of a pipeline: its sequence number, and its reply for a repeat. */
export interface PipelineReply {
  sequence: number;
  reply: ExchangeReply;
  /** The worker has registered again since, so its numbers begin anew. */
  isReset: boolean;
}
