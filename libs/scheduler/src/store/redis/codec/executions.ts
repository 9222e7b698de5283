import type { NewExecution } from '../../../core/commands.js';
import type { TaskPriority } from '../../../core/priority.js';
import type { Claim } from '../../records.js';

/** What a new execution has beside its record; absent where it has nothing. */
interface Extra {
  task?: string;
  delay?: number;
  at?: number;
  lock?: { key: string; timeout: number; maxWait?: number };
  tags?: readonly string[];
  wf?: string;
  ref?: string;
  edges?: object[];
  idempotency?: { key: string; fingerprint: string };
}

/**
 * The record without what only the store knows: flags|task|queue|level|timeout|payload. A flag (one letter is enough)
 * says that the execution is more than plain: that its end concerns others, or was to be timed.
 */
export function partOf(command: NewExecution): string {
  const { taskId, queue, priority, timeout, payload } = command;
  const flags = timeout !== null || isLinked(command) ? 'x' : '';
  return `${flags}|${taskId}|${queue}|${priority}|${timeout ?? ''}|${payload ?? ''}`;
}

function isLinked({ edges, lock, tags, workflow }: NewExecution): boolean {
  return edges !== null || lock !== null || tags !== null || workflow !== null;
}

/** Ready at once, and nothing but its record. */
export function isPlain(command: NewExecution): boolean {
  return (
    command.delay === null &&
    command.scheduledTime === null &&
    command.idempotency === null &&
    command.timeout === null &&
    !isLinked(command)
  );
}

/** null where it has nothing beside its record. */
export function extraOf(command: NewExecution): Extra | null {
  const { delay, scheduledTime, lock, tags, workflow, edges, idempotency } = command;
  if (isPlain(command)) return null;
  const extra: Extra = {};
  if (delay !== null) extra.delay = delay;
  if (scheduledTime !== null) extra.at = scheduledTime;
  if (lock)
    extra.lock = { key: lock.key, timeout: lock.timeout, ...(lock.maxWait !== null && { maxWait: lock.maxWait }) };
  if (tags) extra.tags = tags;
  if (workflow) Object.assign(extra, { wf: workflow.workflowId, ref: workflow.ref });
  if (edges) {
    extra.edges = edges.map(({ taskId, ref, type, timeout, maxAge, reuse, bind }) => ({
      ...{ taskId, ref, type, reuse },
      ...(timeout !== null && { timeout }),
      ...(maxAge !== null && { maxAge }),
      ...(bind !== 'newest' && { to: bind.executionId }),
    }));
  }
  if (idempotency) extra.idempotency = idempotency;
  if (idempotency || edges) extra.task = command.taskId;
  return extra;
}

/** A record, read: n|created|due|flags|task|queue|level|timeout|payload */
export interface RecordHead {
  due: number;
  taskId: string;
  queue: string;
  priority: TaskPriority;
  timeout: number | null;
  payload: string | null;
}

export function headOf(record: string): RecordHead {
  const created = record.indexOf('|') + 1;
  const due = record.indexOf('|', created) + 1;
  const flags = record.indexOf('|', due) + 1;
  const task = record.indexOf('|', flags) + 1;
  const queue = record.indexOf('|', task) + 1;
  const level = record.indexOf('|', queue) + 1;
  const timeout = level + 2;
  const payload = record.indexOf('|', timeout) + 1;
  return {
    due: Number(record.slice(due, flags - 1)),
    taskId: record.slice(task, queue - 1),
    queue: record.slice(queue, level - 1),
    priority: (record.charCodeAt(level) - 48) as TaskPriority,
    timeout: payload - 1 > timeout ? Number(record.slice(timeout, payload - 1)) : null,
    payload: payload < record.length ? record.slice(payload) : null,
  };
}

/** A first run of a plain execution. */
export function plainClaim(executionId: string, record: string, startedTime: number): Claim {
  const { due, taskId, queue, priority, payload } = headOf(record);
  return {
    executionId,
    attempt: 1,
    taskId,
    queue,
    priority,
    payload,
    run: 1,
    failures: 0,
    scheduledTime: due,
    startedTime,
    timeout: null,
    workflowId: null,
    lockKey: null,
    fencingToken: null,
    results: null,
  };
}

/** What a claim that is not plain says beside its record. */
export interface ClaimDetail {
  a: number;
  r: number;
  f: number;
  at: number;
  no: number;
  plain: boolean;
  lk?: string;
  fk?: number;
  wf?: string;
  res?: Record<string, string | false>;
}

export function claimOf(executionId: string, record: string, startedTime: number, detail: ClaimDetail): Claim {
  const { taskId, queue, priority, timeout, payload } = headOf(record);
  return {
    executionId,
    attempt: detail.a,
    taskId,
    queue,
    priority,
    payload,
    run: detail.r,
    failures: detail.f,
    scheduledTime: detail.at,
    startedTime,
    timeout,
    workflowId: detail.wf ?? null,
    lockKey: detail.lk ?? null,
    fencingToken: detail.fk ?? null,
    results: detail.res ? resultsOf(detail.res) : null,
  };
}

function resultsOf(found: Record<string, string | false>): Claim['results'] {
  const results = Object.create(null) as Record<string, string | null>;
  for (const [ref, text] of Object.entries(found)) results[ref] = text === false ? null : text;
  return results;
}
