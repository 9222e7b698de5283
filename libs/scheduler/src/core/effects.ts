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

/** What a transition reports besides the state that it changed. Events, wake-ups and metrics come from these alone. */
export type Effect = StoreEvent | Signal;

/** Tells a process of the scheduler when to act. It is no event: nothing outside of the scheduler receives it. */
export type Signal =
  /** The queue may have work that can be claimed. */
  | { kind: 'ready'; queue: string }
  /** Maintenance has work at this instant, ms: a delay, a deadline, a tick. */
  | { kind: 'timerDue'; at: number }
  /** A bounded step has left work: edges to decide, executions to promote. */
  | { kind: 'workRemains' }
  /** Effects of other nodes may be lost: whatever waits for one reads the store. */
  | { kind: 'missed'; time: number }
  /** The store has lost its data and continues empty: this node declares again what its code declares. */
  | { kind: 'storeReset' };

/** A transition, as committed. */
export type StoreEvent =
  | ExecutionEffect
  | { kind: 'workflow'; workflowId: string; status: TaskStatus; time: number }
  | { kind: 'progress'; executionId: string; taskId: string; fraction: number; note: string | null; time: number }
  | { kind: 'log'; executionId: string; taskId: string; line: string; time: number }
  /** A settlement was refused, since the lease token is no longer the current one. */
  | { kind: 'stale'; executionId: string; leaseToken: number; workerId: string; time: number }
  | {
      kind: 'lock';
      transition: 'granted' | 'released' | 'lost';
      key: string;
      owner: string;
      fencingToken: number;
      time: number;
      /** ms since then if it comes from another process, as far as this one can know. Default 0. */
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
  /** A row that cannot be interpreted was set aside: by which step, and the id of what. Everything else continues. */
  | { kind: 'setAside'; step: string; id: string; error: string; time: number }
  /** The store's clock went back by `by` ms, forward if negative. Deadlines now follow the new time. */
  | { kind: 'clockStep'; by: number; time: number }
  /** Runs that the worker does not hold went back to their queues. */
  | { kind: 'returned'; workerId: string; count: number; time: number }
  /**
   * The store came back with older data, or with none. `count` answered exchanges of the worker are lost, or, for a process
   * without a worker (null), `count` acknowledged executions.
   */
  | { kind: 'rewound'; workerId: string | null; count: number; time: number }
  | { kind: 'worker'; transition: 'joined' | 'draining' | 'left' | 'lost'; workerId: string; time: number };
