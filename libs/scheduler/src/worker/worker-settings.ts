import type { Redaction } from '../core/redaction.js';
import type { TaskPriority } from '../core/priority.js';

/** How one queue is served in this process. */
export interface QueueSettings {
  /** At most so many runs of this queue at a time in this process. null: no bound of its own. */
  concurrency: number | null;
  /** Slots kept free for levels of this queue. */
  reserve: readonly { priority: TaskPriority; slots: number }[];
}

export interface WorkerSettings {
  /** One incarnation of one process. */
  workerId: string;
  appName: string;
  version: string;
  maxConcurrentTasks: number;
  /** The queues served here; null: those that this process's tasks name. */
  queues: ReadonlyMap<string, QueueSettings> | null;
  /** What is kept out of errors, log lines and notes. */
  redaction: Redaction;
  /** ms after the last renewal until others may run what runs here. */
  lease: number;
  /** ms between beats: a third of the lease. */
  beat: number;
  /** ms that a handler has to return once its signal was aborted. */
  abortGrace: number;
  /** ms that runs get at a stop before their signals are aborted, and then to return. */
  drain: number;
  drainGrace: number;
}
export const WORKER_SETTINGS = Symbol.for('nestjs-advanced-scheduler:worker-settings');
