import type { Redaction } from '../core/redaction.js';
import type { TaskPriority } from '../core/priority.js';

/** How one queue is served in this process. */
export interface QueueSettings {
  /** Maximum runs of this queue at a time in this process. null: no separate limit. */
  concurrency: number | null;
  /** Slots reserved for priorities of this queue. */
  reserve: readonly { priority: TaskPriority; slots: number }[];
}

export interface WorkerSettings {
  /** Identifies one start of one process. */
  workerId: string;
  appName: string;
  version: string;
  maxConcurrentTasks: number;
  /** The queues served here; null: the queues of this process's tasks. */
  queues: ReadonlyMap<string, QueueSettings> | null;
  /** Removes secrets from errors, log lines and notes. */
  redaction: Redaction;
  /** ms after the last renewal until others may take over the runs. */
  lease: number;
  /** ms between heartbeats: a third of the lease. */
  heartbeat: number;
  /** ms for a handler to return after its signal was aborted. */
  abortGrace: number;
  /** ms for runs to end at a stop before their signals abort, and then to return. */
  drain: number;
  drainGrace: number;
}
export const WORKER_SETTINGS = Symbol.for('nestjs-advanced-scheduler:worker-settings');
