import type { ExecutionTransition } from '../core/effects.js';
import type { ErrorInfo } from '../core/failure.js';
import type { TaskPriority } from '../core/priority.js';
import type { Reason, TaskStatus } from '../core/status.js';

/** A transition of an execution. */
export interface ExecutionEvent {
  /** The scheduler's name, or 'default'. */
  scheduler: string;
  transition: ExecutionTransition;
  executionId: string;
  taskId: string;
  /** Status after the transition. */
  status: TaskStatus;
  queue: string;
  priority: TaskPriority;
  /** ISO 8601, by the store's clock. */
  time: string;
  workerId: string | null;
  workflowId: string | null;
  result: unknown;
  error: ErrorInfo | null;
  reason: Reason | null;
}

export interface WorkflowEvent {
  scheduler: string;
  workflowId: string;
  status: TaskStatus;
  time: string;
}

export interface ProgressEvent {
  scheduler: string;
  executionId: string;
  taskId: string;
  /** 0 to 1 */
  fraction: number;
  note: string | null;
  time: string;
}

export interface LogEvent {
  scheduler: string;
  executionId: string;
  taskId: string;
  line: string;
  time: string;
}

/** A late result: the run no longer belonged to the worker. The result changed nothing. */
export interface StaleResultEvent {
  scheduler: string;
  executionId: string;
  leaseToken: number;
  workerId: string;
  time: string;
}

export interface LockEvent {
  scheduler: string;
  transition: 'granted' | 'released' | 'lost';
  key: string;
  /** An executionId, or the id of a handle. */
  owner: string;
  fencingToken: number;
  time: string;
}

export interface QueueEvent {
  scheduler: string;
  transition: 'paused' | 'resumed';
  queue: string;
  time: string;
}

export interface ScheduleEvent {
  scheduler: string;
  transition: 'put' | 'removed' | 'paused' | 'resumed' | 'fired';
  scheduleId: string;
  taskId: string;
  time: string;
}

export interface WorkerEvent {
  scheduler: string;
  transition: 'joined' | 'draining' | 'left' | 'lost';
  workerId: string;
  time: string;
}

/** Events of other nodes may have been missed: code that tracks every event must read the state again. */
export interface EventsMissedEvent {
  scheduler: string;
  /** When events could be received again. */
  time: string;
}

/** Every lifecycle event by its name on the EventEmitter2 of @nestjs/event-emitter. */
export interface SchedulerEventMap extends Record<`scheduler.execution.${ExecutionTransition}`, ExecutionEvent> {
  'scheduler.execution.progress': ProgressEvent;
  'scheduler.execution.log': LogEvent;
  'scheduler.execution.stale': StaleResultEvent;
  'scheduler.workflow.ended': WorkflowEvent;
  'scheduler.lock.granted': LockEvent;
  'scheduler.lock.released': LockEvent;
  'scheduler.lock.lost': LockEvent;
  'scheduler.queue.paused': QueueEvent;
  'scheduler.queue.resumed': QueueEvent;
  'scheduler.schedule.put': ScheduleEvent;
  'scheduler.schedule.removed': ScheduleEvent;
  'scheduler.schedule.paused': ScheduleEvent;
  'scheduler.schedule.resumed': ScheduleEvent;
  'scheduler.schedule.fired': ScheduleEvent;
  'scheduler.worker.joined': WorkerEvent;
  'scheduler.worker.draining': WorkerEvent;
  'scheduler.worker.left': WorkerEvent;
  'scheduler.worker.lost': WorkerEvent;
  'scheduler.events.missed': EventsMissedEvent;
}
export type SchedulerEventName = keyof SchedulerEventMap;

/** The names as constants, for @OnEvent. */
export const SchedulerEvents = {
  EXECUTION_SCHEDULED: 'scheduler.execution.scheduled',
  EXECUTION_STARTED: 'scheduler.execution.started',
  EXECUTION_COMPLETED: 'scheduler.execution.completed',
  EXECUTION_FAILED: 'scheduler.execution.failed',
  EXECUTION_RETRYING: 'scheduler.execution.retrying',
  EXECUTION_RELEASED: 'scheduler.execution.released',
  EXECUTION_RESCUED: 'scheduler.execution.rescued',
  EXECUTION_CANCELLED: 'scheduler.execution.cancelled',
  EXECUTION_SKIPPED: 'scheduler.execution.skipped',
  EXECUTION_REOPENED: 'scheduler.execution.reopened',
  EXECUTION_CANCEL_REQUESTED: 'scheduler.execution.cancelRequested',
  EXECUTION_PROGRESS: 'scheduler.execution.progress',
  EXECUTION_LOG: 'scheduler.execution.log',
  EXECUTION_STALE: 'scheduler.execution.stale',
  WORKFLOW_ENDED: 'scheduler.workflow.ended',
  SCHEDULE_FIRED: 'scheduler.schedule.fired',
  EVENTS_MISSED: 'scheduler.events.missed',
} as const satisfies Record<string, SchedulerEventName>;
