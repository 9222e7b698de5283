import type { NewExecution } from '../../../core/commands.js';
import { textOf } from '../../../core/payload.js';
import type { TaskPriority } from '../../../core/priority.js';
import type { RunBudget } from '../../../core/run-budget.js';
import type { Claim } from '../../records.js';
import { EDGES_FLAG, EXTRA_FLAG, MEMBER_FLAG } from './codes.js';

/** Options of a new execution that are not in its record. */
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
 * The record without the fields that the store adds: flags|task|queue|level|timeout;budget|workflow|ref|payload. Flags of
 * executions that are not simple: x, it has an extra record (lock, tags, ttl, schedule); w, it has edges, a workflow or a
 * timeout; f and its edges, it is a member of a compact workflow.
 */
export function recordBodyOf(command: NewExecution, flags: string = flagsOf(command)): string {
  const { taskId, queue, priority, workflow, payload } = command;
  const { workflowId = '', ref = '' } = workflow ?? {};
  return `${flags}|${taskId}|${queue}|${priority}|${limitsText(command)}|${workflowId}|${ref}|${textOf(payload) ?? ''}`;
}

/** The field timeout;budget of a record. */
export function limitsText({ timeout, budget }: NewExecution): string {
  return `${timeout ?? ''}${budget === undefined || budget === null ? '' : `;${budget}`}`;
}

function flagsOf({ edges, lock, tags, workflow, timeout, ttl }: NewExecution): string {
  if (lock !== null || tags !== null || ttl !== undefined) return EXTRA_FLAG;
  return edges !== null || workflow !== null || timeout !== null ? EDGES_FLAG : '';
}

/** Whether it is ready at once and its record has everything. */
export function isSimple(command: NewExecution): boolean {
  return (
    command.delay === null && command.scheduledTime === null && command.idempotency === null && flagsOf(command) === ''
  );
}

/** null: its record has everything. */
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

/** Fields of a record: n|created|due|flags|task|queue|level|timeout;budget|workflow|ref|payload */
export interface RecordFields {
  due: number;
  taskId: string;
  queue: string;
  priority: TaskPriority;
  timeout: number | null;
  budget: RunBudget | null;
  workflowId: string | null;
  payload: string | null;
}

export function fieldsOf(record: string): RecordFields {
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
    ...limitsOf(record.slice(timeout, workflow - 1)),
    workflowId: ref - 1 > workflow ? record.slice(workflow, ref - 1) : null,
    payload: payload < record.length ? record.slice(payload) : null,
  };
}

/** Parses the field timeout;budget of a record. */
function limitsOf(text: string): Pick<RecordFields, 'timeout' | 'budget'> {
  const mark = text.indexOf(';');
  const timeout = mark < 0 ? text : text.slice(0, mark);
  return { timeout: timeout === '' ? null : Number(timeout), budget: mark < 0 ? null : text.slice(mark + 1) };
}

/** The argument of a settlement of a compact member: its dependents, as in its record|workflowId. null: not compact. */
export function dependentsOf(record: string, workflowId: string): string | null {
  let flags = 0;
  for (let bars = 0; bars < 3; bars++) flags = record.indexOf('|', flags) + 1;
  if (record[flags] !== MEMBER_FLAG) return null;
  return `${record.slice(record.indexOf(';', flags) + 1, record.indexOf('|', flags))}|${workflowId}`;
}

/**
 * The claim of a first run of a simple execution, or of a compact member of a workflow.
 * @param upstreams results of its upstreams, if it has any
 */
export function simpleClaim(
  executionId: string,
  record: string,
  startedTime: number,
  upstreams?: UpstreamResults,
): Claim {
  const { due, taskId, queue, priority, budget, payload, workflowId } = fieldsOf(record);
  const claim: Claim = {
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
    results: null,
  };
  return withResults(claim, upstreams);
}

/** The claim of any other run. `detail`: leaseToken|run|failures|due|number|simple|workflow|JSON of the rare fields */
export function claimOf(
  executionId: string,
  record: string,
  startedTime: number,
  detail: string,
  upstreams?: UpstreamResults,
): { claim: Claim; no: string; isSimple: boolean } {
  const [leaseToken, run, failures, due, no, isSimple, workflowId, ...rest] = detail.split('|') as [
    ...[string, string, string, string, string, string, string],
    ...string[],
  ];
  const text = rest.join('|');
  const rare = (text === '' ? {} : JSON.parse(text)) as {
    lk?: string;
    fk?: number;
    sz?: number;
  };
  const { taskId, queue, priority, timeout, budget, payload } = fieldsOf(record);
  const claim: Claim = {
    executionId,
    leaseToken: Number(leaseToken),
    taskId,
    queue,
    priority,
    payload,
    run: Number(run),
    failures: Number(failures),
    snoozes: rare.sz ?? 0,
    budget,
    scheduledTime: Number(due),
    startedTime,
    timeout,
    workflowId: workflowId === '' ? null : workflowId,
    lockKey: rare.lk ?? null,
    fencingToken: rare.fk ?? null,
    results: null,
  };
  return { claim: withResults(claim, upstreams), no, isSimple: isSimple === '1' };
}

/** Results in a claim: the first edge whose result is still to fetch (0: none), and ref, result, ... */
export interface UpstreamResults {
  nextEdge: number;
  flat: readonly (string | null)[];
}

function withResults(claim: Claim, upstreams: UpstreamResults | undefined): Claim {
  if (upstreams === undefined) return claim;
  claim.results = recordOfResults(upstreams.flat);
  if (upstreams.nextEdge > 0) claim.resultsLeft = upstreams.nextEdge;
  return claim;
}

export function recordOfResults(flat: readonly (string | null)[]): Record<string, string | null> {
  const results = Object.create(null) as Record<string, string | null>;
  for (let i = 0; i < flat.length; i += 2) results[flat[i]!] = flat[i + 1]!;
  return results;
}
