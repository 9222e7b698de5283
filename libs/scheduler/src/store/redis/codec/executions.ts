import type { NewExecution } from '../../../core/commands.js';
import type { TaskPriority } from '../../../core/priority.js';
import type { RunBudget } from '../../../core/run-budget.js';
import type { Claim } from '../../records.js';
import { EDGES_FLAG, EXTRA_FLAG, MEMBER_FLAG } from './codes.js';

/** What a new execution has beside its record; absent where it has nothing. */
export interface Extra {
  task?: string;
  delay?: number;
  at?: number;
  lock?: { key: string; timeout: number; maxWait?: number };
  tags?: readonly string[];
  ttl?: number;
  edges?: (object & { to?: string })[];
  /** More edges follow: see `Item`. */
  more?: boolean;
  idempotency?: { key: string; fingerprint: string };
}

/**
 * The record without what only the store knows: flags|task|queue|level|timeout;budget|workflow|ref|payload. A flag says
 * that the execution is more than simple: x, it has an extra record (lock, tags, ttl, schedule); w, its end concerns others, or is timed;
 * f and more, it is a compact member of a workflow.
 */
export function partOf(command: NewExecution, flags: string = flagsOf(command)): string {
  const { taskId, queue, priority, workflow, payload } = command;
  const { workflowId = '', ref = '' } = workflow ?? {};
  return `${flags}|${taskId}|${queue}|${priority}|${boundsIn(command)}|${workflowId}|${ref}|${payload ?? ''}`;
}

/** A record's field timeout;budget */
export function boundsIn({ timeout, budget }: NewExecution): string {
  return `${timeout ?? ''}${budget === undefined || budget === null ? '' : `;${budget}`}`;
}

function flagsOf({ edges, lock, tags, workflow, timeout, ttl }: NewExecution): string {
  if (lock !== null || tags !== null || ttl !== undefined) return EXTRA_FLAG;
  return edges !== null || workflow !== null || timeout !== null ? EDGES_FLAG : '';
}

/** Ready at once, and nothing but its record. */
export function isSimple(command: NewExecution): boolean {
  return (
    command.delay === null && command.scheduledTime === null && command.idempotency === null && flagsOf(command) === ''
  );
}

/** null where it has nothing beside its record. */
export function extraOf(command: NewExecution): Extra | null {
  const { delay, scheduledTime, lock, tags, edges, idempotency } = command;
  if (isSimple(command)) return null;
  const extra: Extra = {};
  if (delay !== null) extra.delay = delay;
  if (scheduledTime !== null) extra.at = scheduledTime;
  if (lock)
    extra.lock = { key: lock.key, timeout: lock.timeout, ...(lock.maxWait !== null && { maxWait: lock.maxWait }) };
  if (tags) extra.tags = tags;
  if (command.ttl !== undefined) extra.ttl = command.ttl;
  if (edges) {
    extra.edges = edges.map(({ taskId, ref, type, timeout, maxAge, reuse, bind }) => ({
      ...{ taskId, ref, type, reuse },
      ...(timeout !== null && { timeout }),
      ...(maxAge !== null && { maxAge }),
      ...(bind !== 'newest' && { to: bind.executionId, of: bind.ofTask }),
    }));
  }
  if (idempotency) extra.idempotency = idempotency;
  if (idempotency || edges) extra.task = command.taskId;
  return extra;
}

/** A record, read: n|created|due|flags|task|queue|level|timeout;budget|workflow|ref|payload */
export interface RecordHead {
  due: number;
  taskId: string;
  queue: string;
  priority: TaskPriority;
  timeout: number | null;
  budget: RunBudget | null;
  workflowId: string | null;
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
  const workflow = record.indexOf('|', timeout) + 1;
  const ref = record.indexOf('|', workflow) + 1;
  const payload = record.indexOf('|', ref) + 1;
  return {
    due: Number(record.slice(due, flags - 1)),
    taskId: record.slice(task, queue - 1),
    queue: record.slice(queue, level - 1),
    priority: (record.charCodeAt(level) - 48) as TaskPriority,
    ...boundsOf(record.slice(timeout, workflow - 1)),
    workflowId: ref - 1 > workflow ? record.slice(workflow, ref - 1) : null,
    payload: payload < record.length ? record.slice(payload) : null,
  };
}

/** Of a record's field timeout;budget */
function boundsOf(text: string): Pick<RecordHead, 'timeout' | 'budget'> {
  const mark = text.indexOf(';');
  const timeout = mark < 0 ? text : text.slice(0, mark);
  return { timeout: timeout === '' ? null : Number(timeout), budget: mark < 0 ? null : text.slice(mark + 1) };
}

/** What the script is told of a compact member that ends: its dependents, as its record has them|workflowId; null: not compact. */
export function tiesOf(record: string, workflowId: string): string | null {
  let flags = 0;
  for (let bars = 0; bars < 3; bars++) flags = record.indexOf('|', flags) + 1;
  if (record[flags] !== MEMBER_FLAG) return null;
  return `${record.slice(record.indexOf(';', flags) + 1, record.indexOf('|', flags))}|${workflowId}`;
}

/**
 * A first run of a simple execution, or of a compact member of a workflow.
 * @param got what its dependencies have left, where it has any
 */
export function simpleClaim(executionId: string, record: string, startedTime: number, got?: Got): Claim {
  const { due, taskId, queue, priority, budget, payload, workflowId } = headOf(record);
  return {
    executionId,
    leaseToken: 1,
    taskId,
    queue,
    priority,
    payload,
    run: 1,
    failures: 0,
    snoozes: 0,
    budget,
    scheduledTime: due,
    startedTime,
    timeout: null,
    workflowId,
    lockKey: null,
    fencingToken: null,
    ...resultsOf(got),
  };
}

/** A claim that is not simple says beside its record: leaseToken|run|failures|due|number|simple|workflow|JSON of what few have */
export function claimOf(
  executionId: string,
  record: string,
  startedTime: number,
  detail: string,
  got?: Got,
): { claim: Claim; no: string; isSimple: boolean } {
  const [leaseToken, run, failures, due, no, isSimple, workflowId, ...rest] = detail.split('|') as [
    ...[string, string, string, string, string, string, string],
    ...string[],
  ];
  const text = rest.join('|');
  const more = (text === '' ? {} : JSON.parse(text)) as {
    lk?: string;
    fk?: number;
    sz?: number;
  };
  const { taskId, queue, priority, timeout, budget, payload } = headOf(record);
  const claim: Claim = {
    executionId,
    leaseToken: Number(leaseToken),
    taskId,
    queue,
    priority,
    payload,
    run: Number(run),
    failures: Number(failures),
    snoozes: more.sz ?? 0,
    budget,
    scheduledTime: Number(due),
    startedTime,
    timeout,
    workflowId: workflowId === '' ? null : workflowId,
    lockKey: more.lk ?? null,
    fencingToken: more.fk ?? null,
    ...resultsOf(got),
  };
  return { claim, no, isSimple: isSimple === '1' };
}

/** What a claim got from its dependencies: the edge from which on results are left to fetch (0: none), and ref, result, ... */
export interface Got {
  left: number;
  flat: readonly (string | null)[];
}

function resultsOf(got: Got | undefined): Pick<Claim, 'results' | 'resultsLeft'> {
  if (got === undefined) return { results: null };
  const results = recordOfResults(got.flat);
  return got.left > 0 ? { results, resultsLeft: got.left } : { results };
}

export function recordOfResults(flat: readonly (string | null)[]): Record<string, string | null> {
  const results = Object.create(null) as Record<string, string | null>;
  for (let i = 0; i < flat.length; i += 2) results[flat[i]!] = flat[i + 1]!;
  return results;
}
