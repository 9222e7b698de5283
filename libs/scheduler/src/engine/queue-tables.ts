import type { ExecutionRecord, QueueRecord } from './records.js';

/** Pauses and limits of queues. */
export interface QueueTable {
  get(name: string): QueueRecord | undefined;
  /** Those with limits, by name. */
  limited(): readonly QueueRecord[];
  /** Marks it as changed. */
  touch(queue: QueueRecord): void;
  /** It has got its first limits, from where on its runs are counted, or has lost its last. */
  setLimited(queue: QueueRecord, isLimited: boolean): void;
  /** Whether a run is among those counted as the queue's `running`. */
  isCounted(queue: QueueRecord, execution: ExecutionRecord): boolean;
}
