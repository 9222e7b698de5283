import type { RootCause, TaskAttempt, TaskExecution, TaskProgress, WaitingFor } from '../core/execution.js';
import type { ErrorInfo } from '../core/failure.js';
import { withPriorityName, type TaskPriority } from '../core/priority.js';
import type { Reason, TaskStatus, WaitingForKind } from '../core/status.js';
import type { WorkflowInfo, WorkflowNodeInfo } from './records.js';

/** An execution as a store reads it. Times in ms; 0: not yet. */
export interface ExecutionView {
  executionId: string;
  taskId: string;
  taskName: string;
  status: TaskStatus;
  priority: TaskPriority;
  queue: string;
  payload: unknown;
  dueAt: number;
  createdAt: number;
  startedAt: number;
  completedAt: number;
  cancelRequestedAt: number;
  failures: number;
  snoozes: number;
  runs: number;
  result?: unknown;
  error?: ErrorInfo | undefined;
  reason?: Reason | undefined;
  rootCause?: RootCause | undefined;
  waiting?: WaitingView | undefined;
  /** Those that are recorded. */
  attempts?: readonly TaskAttempt[] | undefined;
  /** Whether the newest run is shown behind them. */
  showsLastRun: boolean;
  lastWorkerId?: string | undefined;
  progress?: TaskProgress | null | undefined;
  logs?: readonly string[] | null | undefined;
  workflowId?: string | undefined;
  ref?: string | null | undefined;
  scheduleId?: string | null | undefined;
  tags?: readonly string[] | null | undefined;
}

/** Why it has not started, and what its own view does not say of that. */
export interface WaitingView {
  kind: WaitingForKind;
  dependencies?: WaitingFor['dependencies'];
  lock?: WaitingFor['lock'];
  funcPath?: string | undefined;
}

/** What users see of an execution. */
export function toExecution(view: ExecutionView): TaskExecution {
  return withPriorityName({
    executionId: view.executionId,
    taskId: view.taskId,
    taskName: view.taskName,
    status: view.status,
    priority: view.priority,
    queue: view.queue,
    payload: view.payload,
    scheduledTime: iso(view.dueAt),
    createdTime: iso(view.createdAt),
    startedTime: isoOrNull(view.startedAt),
    completedTime: isoOrNull(view.completedAt),
    cancelRequestedTime: isoOrNull(view.cancelRequestedAt),
    retryCount: view.failures,
    snoozeCount: view.snoozes,
    result: view.result ?? null,
    error: view.error ?? null,
    reason: view.reason ?? null,
    rootCause: view.rootCause ?? null,
    waitingFor: view.waiting ? waitingFor(view, view.waiting) : null,
    attempts: [...(view.attempts ?? []), ...(view.showsLastRun ? [lastRun(view)] : [])],
    progress: view.progress ?? null,
    logs: [...(view.logs ?? [])],
    workflowId: view.workflowId ?? null,
    ref: view.ref ?? null,
    scheduleId: view.scheduleId ?? null,
    tags: view.tags ?? [],
  });
}

function waitingFor({ queue, taskId, dueAt }: ExecutionView, waiting: WaitingView): WaitingFor {
  const { kind, dependencies, lock, funcPath = taskId } = waiting;
  if (kind === 'paused' || kind === 'queue') return { kind, queue };
  if (kind === 'time') return { kind, until: iso(dueAt) };
  if (kind === 'limit') return { kind, limit: { key: `queue:${queue}` } };
  if (kind === 'handler') return { kind, handler: { taskId, funcPath } };
  return kind === 'lock' ? { kind, lock } : { kind, dependencies };
}

function lastRun({ status, runs, startedAt, completedAt, lastWorkerId }: ExecutionView): TaskAttempt {
  const isRunning = status === 'RUNNING';
  return {
    attempt: runs,
    startedTime: iso(startedAt),
    endedTime: isRunning ? null : iso(completedAt),
    workerId: lastWorkerId ?? null,
    outcome: isRunning ? null : 'COMPLETED',
    error: null,
  };
}

/** A workflow as a store reads it. Times in ms. */
export interface WorkflowView {
  workflowId: string;
  name: string;
  status: TaskStatus;
  createdTime: number;
  completedTime: number;
  isOpen: boolean;
  nodes: WorkflowNodeInfo[];
}

/** What users see of a workflow. */
export function toWorkflow({ isOpen, createdTime, completedTime, ...view }: WorkflowView): WorkflowInfo {
  return { ...view, createdTime: iso(createdTime), completedTime: isOpen ? null : iso(completedTime) };
}

export function iso(time: number): string {
  return new Date(time).toISOString();
}

function isoOrNull(time: number): string | null {
  return time === 0 ? null : iso(time);
}
