import type { TaskAttempt, TaskExecution, WaitingFor } from '../../core/execution.js';
import { withPriorityName } from '../../core/priority.js';
import { parseJson } from '../../core/json.js';
import { LIST_SCAN, LIST_SIZE } from '../../core/limits.js';
import { isTerminal } from '../../core/status.js';
import type { ListExecutionsQuery, Page, StoreStats } from '../records.js';
import { isFree } from '../../engine/lock.js';
import { hasRoom, isLimited } from '../../engine/queue.js';
import { rulesOf } from './queue-table.js';
import type { Row } from './rows.js';
import type { State } from './state.js';

/** Tasks without a handler that the stats name. */
const UNHANDLED_SHOWN = 100;
/** Executions of a page that asks for no number of its own. */
export const LIST_LIMIT = 50;

/** What is not known (any more) will not end otherwise. */
export function hasEnded(row: Row | undefined): boolean {
  return row === undefined || isTerminal(row.status);
}

export function find(s: State, executionId: string): TaskExecution | null {
  const row = s.executions.get(executionId);
  return row ? view(s, row) : null;
}

/** What a user sees of an execution. */
export function view(s: State, row: Row): TaskExecution {
  const extra = row.extra;
  return withPriorityName({
    executionId: row.id,
    taskId: row.task.taskId,
    taskName: row.task.mirror?.taskName ?? row.task.taskId,
    status: row.status,
    priority: row.priority,
    queue: row.queue.name,
    payload: parseJson(row.payload),
    scheduledTime: iso(row.at),
    createdTime: iso(row.createdTime),
    startedTime: row.startedAt === 0 ? null : iso(row.startedAt),
    completedTime: row.completedAt === 0 ? null : iso(row.completedAt),
    cancelRequestedTime: row.cancelRequestedAt === 0 ? null : iso(row.cancelRequestedAt),
    retryCount: row.failures,
    snoozeCount: row.snoozes,
    result: row.result === undefined ? null : parseJson(row.result),
    error: row.error ?? null,
    reason: row.reason ?? null,
    rootCause: row.rootCause ?? null,
    waitingFor: waitingFor(s, row),
    attempts: attempts(row),
    progress: extra?.progress ?? null,
    logs: [...(extra?.logs ?? [])],
    workflowId: extra?.workflow?.workflowId ?? null,
    ref: extra?.ref ?? null,
    scheduleId: extra?.schedule ?? null,
    tags: extra?.tags ?? [],
  });
}

/** Newest first, from the cursor on; looks at a bounded number of executions. */
export function list(s: State, query: ListExecutionsQuery): Page<TaskExecution> {
  const { rows, stoppedAt } = scan(s, query, (executionId) => s.executions.get(executionId));
  return { items: rows.map((row) => view(s, row)), nextCursor: stoppedAt && cursorAt(stoppedAt) };
}

/** What a listing finds in memory. `stoppedAt` is the last one looked at, null when all have been. */
export function scan(
  s: State,
  query: ListExecutionsQuery,
  find: (executionId: string) => Row | undefined,
): { rows: Row[]; stoppedAt: Row | null } {
  const limit = query.limit ?? LIST_LIMIT;
  const statuses = query.status === undefined ? null : new Set([query.status].flat());
  const rows: Row[] = [];
  let row = query.cursor === undefined ? s.newestRow : before(s, query.cursor, find);
  let last: Row | null = null;
  let size = 0;
  for (let looked = 0; row !== null && rows.length < limit && looked < LIST_SCAN && size < LIST_SIZE; looked++) {
    if (query.from !== undefined && row.createdTime < query.from) return { rows, stoppedAt: null };
    if (matches(row, query, statuses)) {
      rows.push(row);
      size += sizeOf(row);
    }
    last = row;
    row = row.older;
  }
  return { rows, stoppedAt: row === null ? null : last };
}

/** Characters of what an execution may have much of. */
export function sizeOf({ payload, result, extra }: Row): number {
  const logs = extra?.logs?.reduce((sum, line) => sum + line.length, 0) ?? 0;
  return (payload?.length ?? 0) + (result?.length ?? 0) + logs;
}

export function cursorAt(row: Row): string {
  return `${row.order}.${row.id}`;
}

/** Why the execution has not started: the first reason of the fixed order. */
function waitingFor(s: State, row: Row): WaitingFor | null {
  if (isTerminal(row.status) || row.status === 'RUNNING') return null;
  const name = row.queue.name;
  if (row.queue.paused) return { kind: 'paused', queue: name };
  if (row.place === 'delayed') return { kind: 'time', until: iso(row.at) };
  if (row.place === 'dependencies') return { kind: 'dependencies', dependencies: openEdges(row) };
  const line = row.place === 'lock' ? row.extra!.line! : null;
  if (line !== null && !isFree(line.lock))
    return { kind: 'lock', lock: { key: line.lock.key, heldBy: line.lock.holder ?? line.lock.handle ?? null } };
  // The lock is free: what keeps the first of its line from starting keeps this one, too.
  if (!hasRoom(s, row.queue)) return { kind: 'limit', limit: { key: `queue:${name}` } };
  if ((line?.first ?? row).place === 'unhandled')
    return {
      kind: 'handler',
      handler: { taskId: row.task.taskId, funcPath: row.task.mirror?.funcPath ?? row.task.taskId },
    };
  return { kind: 'queue', queue: name };
}

export function stats(s: State, now: number): StoreStats {
  const claiming = [...s.workers.values()].filter(({ draining }) => !draining);
  const served = new Set(claiming.flatMap(({ registration: hello }) => hello.queues));
  return {
    now,
    counters: { ...s.counters },
    byStatus: { ...s.byStatus },
    queues: [...s.queues.values()].map((q) => ({
      queue: q.name,
      paused: q.paused,
      limits: isLimited(q) ? { ...rulesOf(q), declaredBy: q.declaredBy ?? null } : null,
      served: served.has(q.name),
      byPriority: q.ready.map((level) => level.size),
      oldestReadyTime: q.ready.map((level) => level.head?.at ?? null),
    })),
    locks: s.locks.size,
    unhandledTasks: [...s.unhandled.tasks].slice(0, UNHANDLED_SHOWN).map(({ taskId }) => taskId),
    delayed: s.delayed.size,
    waitingForDependencies: s.waitingForDependencies,
    waitingForLock: s.waitingForLock,
    window: s.window.map((minute) => ({ ...minute })),
    setAside: 0,
    returned: 0,
    rewound: 0,
    recentErrors: [...s.recentErrors],
    workers: s.workers.size,
  };
}

export function sizes(s: State, name?: string): number[] {
  const total = [0, 0, 0, 0, 0];
  for (const q of s.queues.values()) {
    if (name === undefined || q.name === name) q.ready.forEach((level, i) => (total[i]! += level.size));
  }
  return total;
}

export function peek(s: State, name: string, count: number): string[] {
  const ids: string[] = [];
  for (const level of s.queues.get(name)?.ready ?? []) {
    for (const row of level) {
      if (ids.length >= count) return ids;
      ids.push(row.id);
    }
  }
  return ids;
}

function matches(row: Row, query: ListExecutionsQuery, statuses: Set<string> | null): boolean {
  return (
    (statuses === null || statuses.has(row.status)) &&
    (query.taskId === undefined || row.task.taskId === query.taskId) &&
    (query.queue === undefined || row.queue.name === query.queue) &&
    (query.tag === undefined || (row.extra?.tags?.includes(query.tag) ?? false)) &&
    (query.workflowId === undefined || row.extra?.workflow?.workflowId === query.workflowId) &&
    (query.to === undefined || row.createdTime < query.to)
  );
}

/** The newest execution older than the cursor's, which may have left history meanwhile. */
function before(s: State, cursor: string, find: (executionId: string) => Row | undefined): Row | null {
  const order = orderOf(cursor);
  const known = find(cursor.slice(cursor.indexOf('.') + 1));
  let row = known ? known.older : s.newestRow;
  while (row !== null && row.order >= order) row = row.older;
  return row;
}

export function orderOf(cursor: string): number {
  return Number(cursor.slice(0, cursor.indexOf('.')));
}

/** Ended attempts are recorded but for a first success, which is read off the execution, as the one under way is. */
function attempts(row: Row): TaskAttempt[] {
  const ended = row.attempts ?? [];
  const running = row.status === 'RUNNING';
  if (!running && (row.status !== 'COMPLETED' || row.attempts !== undefined)) return [...ended];
  return [
    ...ended,
    {
      attempt: row.runs,
      startedTime: iso(row.startedAt),
      endedTime: running ? null : iso(row.completedAt),
      workerId: row.lastWorkerId ?? null,
      outcome: running ? null : 'COMPLETED',
      error: null,
    },
  ];
}

function openEdges(row: Row): WaitingFor['dependencies'] {
  return row
    .extra!.edges!.filter((edge) => edge.state === 'open')
    .map((edge) => ({
      taskId: edge.task.taskId,
      ref: edge.ref,
      type: edge.type,
      executionId: edge.upstream?.id ?? null,
      status: edge.upstream?.status ?? null,
    }));
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
