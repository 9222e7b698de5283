import type { ExecutionRecord, QueueRecord } from './records.js';

/** Pauses and limits of queues. */
export interface QueueTable {
  get(name: string): QueueRecord | undefined;
  /** Calls `visit` with queues whose rate limit has got room again, some at a time. */
  eachRefilled(visit: (queue: QueueRecord) => void): void;
  /** @returns the next instant, ms, at which that is so for a queue that has something ready */
  nextRefill(): number | undefined;
  /** Marks it as changed. */
  touch(queue: QueueRecord): void;
  /** It has got its first limits, from where on its runs are counted, or has lost its last. */
  setLimited(queue: QueueRecord, isLimited: boolean): void;
  /** Whether a run is among those counted as the queue's `running`. */
  isCounted(queue: QueueRecord, execution: ExecutionRecord): boolean;
}
