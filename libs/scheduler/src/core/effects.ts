import type { ErrorInfo } from './failure.js';
import type { JsonText } from './json.js';
import type { TaskPriority } from './priority.js';
import type { Reason, TaskStatus } from './status.js';

export type ExecutionTransition =
  | 'scheduled'
  | 'started'
  | 'completed'
  | 'failed'
  | 'retrying'
  | 'released'
  | 'rescued'
  | 'cancelled'
  | 'skipped'
  | 'reopened'
  | 'cancelRequested';

/** A transition of one execution, as committed. */
export interface ExecutionEffect {
  kind: 'execution';
  transition: ExecutionTransition;
  executionId: string;
  taskId: string;
  status: TaskStatus;
  queue: string;
  priority: TaskPriority;
  /** The store's time, ms. */
  time: number;
  workerId: string | null;
  workflowId: string | null;
  result: JsonText | null;
  error: ErrorInfo | null;
  reason: Reason | null;
}

/** What a transition reports beside the state it changed. Events, wake-ups and metrics come from these alone. */
export type Effect =
  | ExecutionEffect
  /** Work may be claimable in this queue now. */
  | { kind: 'ready'; queue: string }
  /** Something is due at this instant: a delay, a deadline, a tick. */
  | { kind: 'due'; at: number }
  /** More of a bounded step is left: edges to resolve, executions to promote. */
  | { kind: 'more' }
  /** What other nodes reported may not have been heard here: whoever waits looks again. */
  | { kind: 'gap'; time: number }
  /** The store has lost all that it held, and goes on empty: what this node declares is to be said again. */
  | { kind: 'emptied' }
  | { kind: 'workflow'; workflowId: string; status: TaskStatus; time: number }
  | { kind: 'progress'; executionId: string; taskId: string; fraction: number; note: string | null; time: number }
  | { kind: 'log'; executionId: string; taskId: string; line: string; time: number }
  | { kind: 'stale'; executionId: string; leaseToken: number; workerId: string; time: number }
  | {
      kind: 'lock';
      transition: 'granted' | 'released' | 'lost';
      key: string;
      owner: string;
      fencingToken: number;
      time: number;
      /** ms since then, as far as the process can know, where it comes from another process. Default 0. */
      age?: number;
    }
  | { kind: 'queue'; transition: 'paused' | 'resumed'; queue: string; time: number }
  | {
      kind: 'schedule';
      transition: 'put' | 'removed' | 'paused' | 'resumed' | 'fired';
      scheduleId: string;
      taskId: string;
      time: number;
    }
  /** What could not be treated was set aside: `step` by which duty, `id` of what. It holds up nothing else. */
  | { kind: 'setAside'; step: string; id: string; error: string; time: number }
  /** The store's clock went back by so many ms, forward where negative: deadlines were set by the new time. */
  | { kind: 'clockStep'; by: number; time: number }
  /** Runs that the worker no longer holds went back to their queues. */
  | { kind: 'returned'; workerId: string; count: number; time: number }
  /** The store came back with older data: so many trips of the worker, answered before, are lost. */
  | { kind: 'rewound'; workerId: string; trips: number; time: number }
  | { kind: 'worker'; transition: 'joined' | 'draining' | 'left' | 'lost'; workerId: string; time: number };
