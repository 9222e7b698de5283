import type { RootCause, TaskAttempt, TaskProgress } from '../../core/execution.js';
import type { LockNeed } from '../../core/commands.js';
import type { DependencyType } from '../../core/dependency.js';
import type { ErrorInfo } from '../../core/failure.js';
import type { TaskPriority } from '../../core/priority.js';
import type { RunBudget } from '../../core/run-budget.js';
import type { ScheduleRecord } from '../../core/schedule.js';
import type { Reason, TaskStatus } from '../../core/status.js';
import type { TaskRecord } from '../../core/task-definition.js';
import type { LateEdge, StepKind } from '../../engine/edge-records.js';
import type { Starts } from '../../engine/records.js';
import type { QueueRules } from '../records.js';
import { StepRow } from '../maps/changed.js';
import { KeyRow } from '../maps/key-row.js';
import { declaredOf, rulesOf } from '../maps/queue-table.js';
import { ScheduleRow, toPort } from '../maps/schedule-row.js';
import {
  LockRow,
  QueueRow,
  type Edge,
  type Extra,
  type Place,
  type Row,
  type TaskRow,
  type WorkflowRow,
} from '../maps/rows.js';

/** A reference to an execution, with the data that is needed if it has been dropped. */
export interface Reference {
  id: string;
  taskId: string;
  status: TaskStatus;
}

export interface EdgeRecord {
  order: number;
  /** Absent: its order. */
  rank?: number;
  taskId: string;
  ref: string;
  type: DependencyType;
  maxAge: number | null;
  reuse: boolean;
  state: Edge['state'];
  /** Maximum wait, ms. */
  timeout?: number;
  /** When it times out, ms. */
  due?: number;
  upstream?: Reference;
}

/** An execution on disk, without payload and result. Absent fields have their default. */
export interface ExecutionRecord {
  executionId: string;
  taskId: string;
  queue: string;
  priority: TaskPriority;
  status: TaskStatus;
  place: Place;
  createdTime: number;
  at: number;
  /** `at` results from a delay or a retry. */
  putOff?: true;
  rank?: number;
  timeout?: number;
  ttl?: number;
  startedTime?: number;
  completedTime?: number;
  cancelRequestedTime?: number;
  attempt?: number;
  run?: number;
  failures?: number;
  crashes?: number;
  snoozes?: number;
  budget?: RunBudget;
  workerId?: string;
  error?: ErrorInfo;
  reason?: Reason;
  attempts?: TaskAttempt[];
  extra?: ExtraRecord;
}

export interface ExtraRecord {
  /** Number of edges in the table `edge`; the edges themselves in files of releases without that table. */
  edges?: number | EdgeRecord[];
  /** Numbers of its first edges that are released, or are to be reattached. */
  edgesReleased?: number;
  edgesToReattach?: number;
  /** While edges that have waited for it are attached. */
  arrivalNumber?: number;
  /** Ids of tasks that have used its outcome; with the request, if more of that request may follow. */
  usedBy?: (string | [taskId: string, request: string])[];
  unregistered?: boolean;
  lock?: LockNeed;
  parkNumber?: number;
  /** The end of its wait for the lock, or the remaining ms while it is ready; and the order among equal deadlines. */
  lockWait?: [at: number, order: number];
  /** The end of its wait for its first run, and the order among equal deadlines. */
  expiry?: [at: number, order: number];
  fencingToken?: number;
  tags?: readonly string[];
  workflow?: { number: number; workflowId: string; name: string; createdTime: number };
  ref?: string;
  schedule?: string;
  progress?: TaskProgress;
  logs?: string[];
  rootCause?: RootCause;
}

export interface WorkflowRecord {
  workflowId: string;
  name: string;
  createdTime: number;
  completedTime: number;
  status: TaskStatus;
  nodes: { ref: string; execution: Reference; dependsOn: { ref: string; type: DependencyType }[] }[];
}

export interface QueueRecord {
  paused: boolean;
  rules: QueueRules;
  /** Absent in files of older releases. */
  declared?: { by: string; at: number } | null;
  /** Absent in files of older releases, which counted differently. */
  starts?: Starts[];
}

export interface TaskEntry {
  mirror: TaskRecord | null;
  watched: boolean;
  newest: string | null;
}

/** Waiting handles are not stored: they end with their process. */
export interface LockRecord {
  order: number;
  at: number;
  fencingToken: number;
  holder: string | null;
  handle: string | null;
  reserved: string | null;
}

export interface ScheduleEntry {
  record: ScheduleRecord;
  /** When its app last declared it, ms; 0: no app declares it. */
  declaredAt: number;
}

export interface KeyRecord {
  executionId: string;
  fingerprint: string;
  expiresAt: number;
}

export interface StepRecord {
  executionId: string;
  reopen: boolean;
  /** Absent for an end or a reopening. */
  kind?: StepKind;
  next: number;
  /** The rank of the last edge among the `next` visited ones: those that cannot be read are not counted. */
  after?: number;
  examined?: number;
  late?: LateEdge;
}

export function encodeExecution(row: Row): ExecutionRecord {
  return {
    executionId: row.id,
    taskId: row.task.taskId,
    queue: row.queue.name,
    priority: row.priority,
    status: row.status,
    place: row.place,
    createdTime: row.createdTime,
    at: row.at,
    putOff: (row.place === 'delayed' && !row.isDated) || undefined,
    rank: row.list === null ? undefined : row.rank,
    timeout: row.timeout,
    ttl: row.ttl,
    startedTime: row.startedAt || undefined,
    completedTime: row.completedAt || undefined,
    cancelRequestedTime: row.cancelRequestedAt || undefined,
    attempt: row.leaseToken || undefined,
    run: row.runs || undefined,
    failures: row.failures || undefined,
    crashes: row.crashes || undefined,
    snoozes: row.snoozes || undefined,
    budget: row.budget ?? undefined,
    workerId: row.lastWorkerId,
    error: row.error,
    reason: row.reason,
    attempts: row.attempts,
    extra: row.extra === null ? undefined : encodeExtra(row.extra),
  };
}

function encodeExtra(extra: Extra): ExtraRecord {
  const { workflow, lockWait } = extra;
  return {
    edges: extra.edges?.length,
    edgesReleased: extra.edgesReleased,
    edgesToReattach: extra.edgesToReattach,
    arrivalNumber: extra.arrivalNumber,
    usedBy: extra.usedBy ? encodeUsers(extra.usedBy, extra.arrivalSteps !== undefined) : undefined,
    unregistered: extra.isUnregistered,
    lock: extra.lock ?? undefined,
    parkNumber: extra.parkNumber,
    lockWait: lockWait ? [extra.lockWaitLeft ?? lockWait.at, lockWait.order] : undefined,
    expiry: extra.expiry ? [extra.expiry.at, extra.expiry.order] : undefined,
    fencingToken: extra.fencingToken,
    tags: extra.tags ?? undefined,
    workflow: workflow
      ? {
          number: workflow.order,
          workflowId: workflow.workflowId,
          name: workflow.name,
          createdTime: workflow.createdTime,
        }
      : undefined,
    ref: extra.ref ?? undefined,
    schedule: extra.schedule ?? undefined,
    progress: extra.progress ?? undefined,
    logs: extra.logs ?? undefined,
    rootCause: extra.rootCause,
  };
}

function encodeUsers(usedBy: ReadonlyMap<TaskRow, string>, withRequests: boolean): ExtraRecord['usedBy'] {
  return [...usedBy].map(([{ taskId }, request]) => (withRequests && request !== '' ? [taskId, request] : taskId));
}

export function encodeEdge(edge: Edge): EdgeRecord {
  return {
    order: edge.order,
    rank: edge.rank === edge.order ? undefined : edge.rank,
    taskId: edge.task.taskId,
    ref: edge.ref,
    type: edge.type,
    maxAge: edge.maxAge ?? null,
    reuse: edge.reuse,
    state: edge.state,
    timeout: edge.timeout,
    due: edge.heapIndex >= 0 ? edge.at : undefined,
    upstream: edge.upstream ? reference(edge.upstream) : undefined,
  };
}

export function encodeWorkflow(workflow: WorkflowRow): WorkflowRecord {
  const { workflowId, name, createdTime, completedAt: completedTime, status } = workflow;
  const nodes = workflow.nodes.map(({ ref, row, dependsOn }) => ({ ref, execution: reference(row), dependsOn }));
  return { workflowId, name, createdTime, completedTime, status, nodes };
}

function reference(row: Row): Reference {
  return { id: row.id, taskId: row.task.taskId, status: row.status };
}

/** A row of the table `record`. */
export interface Encoded {
  kind: string;
  key: string;
  body: unknown;
}

/** Encodes a record that is stored in the table `record`. */
export function encodeRecord(record: QueueRow | TaskRow | LockRow | ScheduleRow | KeyRow | StepRow): Encoded {
  if (record instanceof KeyRow) {
    const { executionId, fingerprint, expiresAt } = record;
    return { kind: 'key', key: record.key, body: { executionId, fingerprint, expiresAt } satisfies KeyRecord };
  }
  if (record instanceof LockRow) {
    const { order, at, fencingToken, holder, handle, reserved } = record;
    const owners = { holder: holder ?? null, handle: handle ?? null, reserved: reserved ?? null };
    return { kind: 'lock', key: record.key, body: { order, at, fencingToken, ...owners } satisfies LockRecord };
  }
  if (record instanceof ScheduleRow) {
    const { id, declaredAt } = record;
    return { kind: 'schedule', key: id, body: { record: toPort(record), declaredAt } satisfies ScheduleEntry };
  }
  if (record instanceof QueueRow) {
    const { paused, starts } = record;
    const body = { paused, rules: rulesOf(record), declared: declaredOf(record), starts } satisfies QueueRecord;
    return { kind: 'queue', key: record.name, body };
  }
  if (record instanceof StepRow) {
    const { executionId, kind, next, examined, late } = record;
    const isOfDependents = kind === 'ended' || kind === 'reopened';
    const how = { reopen: kind === 'reopened', kind: isOfDependents ? undefined : kind };
    const after = isOfDependents ? record.row.extra?.dependents?.[next - 1]?.rank : undefined;
    const body: StepRecord = { executionId, ...how, next, after, examined, late };
    return { kind: 'spread', key: String(record.order), body };
  }
  const { mirror, watched, newest } = record;
  const body: TaskEntry = { mirror, watched, newest: newest?.id ?? null };
  return { kind: 'task', key: record.taskId, body };
}
