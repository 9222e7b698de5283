import type { RootCause, TaskAttempt, TaskExecution } from '../../../core/execution.js';
import type { ErrorInfo } from '../../../core/failure.js';
import { storedValue } from '../../../core/json.js';
import type { TaskStatus } from '../../../core/status.js';
import { showsLastRun } from '../../../engine/view.js';
import type { LockInfo, WorkerRegistration, WorkerInfo } from '../../records.js';
import { iso, toExecution, type ExecutionView, type WaitingView } from '../../views.js';
import { storedObject } from './stored-json.js';

type StoredAttempt = [number, number, number, string | false, TaskAttempt['outcome'], string | false];

/** An execution as includes/inspect.lua encodes it: nil fields are absent, an empty list is {}. */
export interface StoredView extends Omit<
  ExecutionView,
  'payload' | 'result' | 'error' | 'rootCause' | 'waiting' | 'attempts' | 'showsLastRun' | 'progress' | 'logs' | 'tags'
> {
  payload: string;
  result?: string;
  error?: string;
  rootCause?: [string, string, TaskStatus];
  waiting?: StoredWaiting;
  attempts?: StoredAttempt[] | object;
  progress?: [string, string | false, number];
  logs?: string[] | object;
  tags?: string[] | object;
}

/** Null is false. */
interface StoredWaiting extends Omit<WaitingView, 'dependencies' | 'lock'> {
  dependencies?: object;
  /** The index of the edge from which on there may be more. */
  next?: number | false;
  lock?: { key: string; heldBy: string | false };
}

export function executionOf(view: StoredView): TaskExecution {
  return toExecution({
    ...view,
    payload: view.payload === '' ? undefined : storedValue(view.payload),
    result: view.result && storedValue(view.result),
    error: errorOf(view.error) ?? undefined,
    rootCause: rootCauseOf(view.rootCause),
    waiting: view.waiting && waitingOf(view.waiting),
    attempts: attemptsOf(view.attempts),
    showsLastRun: showsLastRun(view.status, view.attempts),
    progress: view.progress && progressOf(view.progress),
    logs: listOf<string>(view.logs),
    tags: listOf<string>(view.tags),
  });
}

export function rootCauseOf(cause: StoredView['rootCause']): RootCause | undefined {
  return cause && { executionId: cause[0], taskId: cause[1], status: cause[2] };
}

export function attemptsOf(attempts: StoredView['attempts']): TaskAttempt[] {
  return listOf<StoredAttempt>(attempts).map(([attempt, started, ended, workerId, outcome, error]) => ({
    attempt,
    startedTime: iso(started),
    endedTime: iso(ended),
    workerId: orNull(workerId),
    outcome,
    error: errorOf(error),
  }));
}

function waitingOf({ dependencies, lock, ...waiting }: StoredWaiting): WaitingView {
  const open = listOf<NonNullable<WaitingView['dependencies']>[number]>(dependencies);
  return {
    ...waiting,
    dependencies: open.map((each) => ({ ...each, executionId: orNull(each.executionId), status: orNull(each.status) })),
    lock: lock && { key: lock.key, heldBy: orNull(lock.heldBy) },
  };
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

export interface DumpedWorkflow {
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

/** @param lease ms from a heartbeat to the end of the lease */
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

export function errorOf(text: string | false | undefined): ErrorInfo | null {
  return text === false || text === undefined ? null : (storedObject<ErrorInfo>(text, 'message') ?? UNREADABLE);
}

export function orNull<T>(value: T | false): T | null {
  return value === false ? null : value;
}

/** Lua has one type of table: it encodes an empty list as {}. */
export function listOf<T>(list: object | undefined): T[] {
  return Array.isArray(list) ? (list as T[]) : [];
}
