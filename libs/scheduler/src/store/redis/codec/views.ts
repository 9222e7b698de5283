import type { TaskAttempt, TaskExecution, WaitingFor } from '../../../core/execution.js';
import type { ErrorInfo } from '../../../core/failure.js';
import { withPriorityName, type TaskPriority } from '../../../core/priority.js';
import type { Reason, TaskStatus, WaitingForKind } from '../../../core/status.js';
import type { LockInfo, WorkerRegistration, WorkerInfo } from '../../records.js';
import { storedObject, storedValue } from './stored-json.js';

/** An execution as includes/inspect.lua writes it: false for null, {} for an empty list. */
export interface ExecutionView {
  id: string;
  task: string;
  name: string;
  status: TaskStatus;
  level: TaskPriority;
  queue: string;
  payload: string;
  at: number;
  created: number;
  started: number;
  completed: number;
  cancelRequested: number;
  failures: number;
  snoozes: number;
  run: number;
  result: string | false;
  error: string | false;
  reason: Reason | false;
  rootCause: [string, string, TaskStatus] | false;
  waitingFor: ({ kind: WaitingForKind } & Record<string, unknown>) | false;
  attempts: [number, number, number, string | false, TaskAttempt['outcome'], string | false][] | object;
  recorded: boolean;
  worker: string | false;
  progress: [string, string | false, number] | false;
  logs: string[] | object;
  workflow: string | false;
  ref: string | false;
  schedule: string | false;
  tags: string[] | object;
}

export function executionOf(view: ExecutionView): TaskExecution {
  return withPriorityName({
    executionId: view.id,
    taskId: view.task,
    taskName: view.name,
    status: view.status,
    priority: view.level,
    queue: view.queue,
    payload: view.payload === '' ? undefined : storedValue(view.payload),
    scheduledTime: iso(view.at),
    createdTime: iso(view.created),
    startedTime: isoOrNull(view.started),
    completedTime: isoOrNull(view.completed),
    cancelRequestedTime: isoOrNull(view.cancelRequested),
    retryCount: view.failures,
    snoozeCount: view.snoozes,
    result: view.result === false ? null : (storedValue(view.result) ?? null),
    error: errorOf(view.error),
    reason: orNull(view.reason),
    rootCause: rootCauseOf(view.rootCause),
    waitingFor: view.waitingFor === false ? null : waitingForOf(view.waitingFor),
    attempts: attemptsOf(view),
    progress: view.progress === false ? null : progressOf(view.progress),
    logs: listOf<string>(view.logs),
    workflowId: orNull(view.workflow),
    ref: orNull(view.ref),
    scheduleId: orNull(view.schedule),
    tags: listOf<string>(view.tags),
  });
}

export function rootCauseOf(cause: ExecutionView['rootCause']): TaskExecution['rootCause'] {
  return cause === false ? null : { executionId: cause[0], taskId: cause[1], status: cause[2] };
}

/** Attempts that were recorded. A first success is not: it is read off the execution, as the one under way is. */
export function recordedAttempts(view: ExecutionView): TaskAttempt[] {
  return listOf<[number, number, number, string | false, TaskAttempt['outcome'], string | false]>(view.attempts).map(
    ([attempt, started, ended, workerId, outcome, error]) => ({
      attempt,
      startedTime: iso(started),
      endedTime: iso(ended),
      workerId: orNull(workerId),
      outcome,
      error: errorOf(error),
    }),
  );
}

function attemptsOf(view: ExecutionView): TaskAttempt[] {
  const recorded = recordedAttempts(view);
  const running = view.status === 'RUNNING';
  if (!running && (view.status !== 'COMPLETED' || view.recorded)) return recorded;
  return [
    ...recorded,
    {
      attempt: view.run,
      startedTime: iso(view.started),
      endedTime: running ? null : iso(view.completed),
      workerId: orNull(view.worker),
      outcome: running ? null : 'COMPLETED',
      error: null,
    },
  ];
}

function waitingForOf(found: ExecutionView['waitingFor'] & object): WaitingFor {
  const { kind } = found;
  switch (kind) {
    case 'time':
      return { kind, until: iso(found['at'] as number) };
    case 'dependencies': {
      const open = listOf<NonNullable<WaitingFor['dependencies']>[number]>(found['dependencies'] as object);
      const dependencies = open.map((each) => ({
        ...each,
        executionId: orNull(each.executionId),
        status: orNull(each.status),
      }));
      return { kind, dependencies };
    }
    case 'lock':
      return { kind, lock: { key: found['key'] as string, heldBy: orNull(found['heldBy'] as string | false) } };
    case 'limit':
      return { kind, limit: { key: found['key'] as string } };
    case 'handler':
      return { kind, handler: { taskId: found['taskId'] as string, funcPath: found['funcPath'] as string } };
    case 'paused':
    case 'queue':
      return { kind, queue: found['queue'] as string };
  }
}

function progressOf([fraction, note, time]: [string, string | false, number]): TaskExecution['progress'] {
  return { fraction: Number(fraction), note: orNull(note), time: iso(time) };
}

export interface LockView {
  key: string;
  owner: string | false;
  kind: 'execution' | 'handle' | false;
  token: number;
  at: number | false;
  remaining: number | false;
  waiting: number;
  reserved: string | false;
}

export function lockOf({ key, owner, kind, token, at, remaining, waiting }: LockView): LockInfo {
  return {
    key,
    owner: orNull(owner),
    kind: orNull(kind),
    fencingToken: token,
    expiresAt: orNull(at),
    remaining: orNull(remaining),
    waiting,
  };
}

export interface WorkflowView {
  id: string;
  name: string;
  status: TaskStatus;
  created: number;
  completed: number;
  open: number;
  order: number;
  nodes: { ref: string; id: string; task: string; status: TaskStatus | false; dependsOn: object }[] | object;
}

export interface WorkerView {
  id: string;
  hello: string;
  draining: boolean;
  started: number;
  lease: number;
  running: number;
}

/** @param lease ms: a beat sets the lease's end so far ahead */
export function workerOf(view: WorkerView, lease: number): WorkerInfo {
  return {
    ...(JSON.parse(view.hello) as WorkerRegistration & { tasks: string[] }),
    state: view.draining ? 'draining' : 'active',
    startedTime: iso(view.started),
    lastBeatTime: iso(view.lease - lease),
    leaseUntil: iso(view.lease),
    running: view.running,
  };
}

const UNREADABLE: ErrorInfo = { name: 'Error', message: 'the stored error cannot be read', code: null, stack: null };

export function errorOf(text: string | false): ErrorInfo | null {
  return text === false ? null : (storedObject<ErrorInfo>(text, 'message') ?? UNREADABLE);
}

export function orNull<T>(value: T | false): T | null {
  return value === false ? null : value;
}

/** Lua has one kind of table: an empty list comes as {}. */
export function listOf<T>(list: object): T[] {
  return Array.isArray(list) ? (list as T[]) : [];
}

export function iso(time: number): string {
  return new Date(time).toISOString();
}

function isoOrNull(time: number): string | null {
  return time === 0 ? null : iso(time);
}
