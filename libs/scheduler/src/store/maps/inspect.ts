import type { TaskExecution, WaitingFor } from '../../core/execution.js';
import type { ErrorCause, ErrorInfo } from '../../core/failure.js';
import { copyOf, parseJson } from '../../core/json.js';
import { valueOf } from '../../core/payload.js';
import { LIST_SCAN, LIST_SIZE } from '../../core/limits.js';
import { isTerminal } from '../../core/status.js';
import type { ListExecutionsQuery, Page, StoreStats } from '../records.js';
import { isLimited } from '../../engine/queue.js';
import { showsLastRun, waitingFor } from '../../engine/view.js';
import { toExecution, type WaitingView } from '../views.js';
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
  const { extra, task, status, attempts } = row;
  const { priority, failures, snoozes, runs, startedAt, completedAt, cancelRequestedAt } = row;
  const { error, reason, rootCause, lastWorkerId, workflowId } = row;
  // The receiver may change what it gets.
  return toExecution({
    ...{ status, priority, failures, snoozes, runs, startedAt, completedAt, cancelRequestedAt },
    ...{ reason, lastWorkerId, workflowId },
    error: copyOf(error),
    rootCause: copyOf(rootCause),
    attempts: copyOf(attempts),
    executionId: row.id,
    taskId: task.taskId,
    taskName: task.mirror?.taskName ?? task.taskId,
    queue: row.queue.name,
    payload: valueOf(row.given),
    dueAt: row.at,
    createdAt: row.createdTime,
    result: row.result && parseJson(row.result),
    waiting: waiting(s, row),
    showsLastRun: showsLastRun(status, attempts),
    progress: copyOf(extra?.progress),
    logs: extra?.logs,
    ref: extra?.ref,
    scheduleId: extra?.schedule,
    tags: copyOf(extra?.tags),
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
export function sizeOf({ payload, result, error, attempts, extra }: Row): number {
  let size = (payload?.length ?? 0) + (result?.length ?? 0) + sizeOfError(error);
  for (const attempt of attempts ?? []) size += sizeOfError(attempt.error);
  for (const line of extra?.logs ?? []) size += line.length;
  return size;
}

/** Characters of an error with its causes. */
function sizeOfError(error: ErrorInfo | ErrorCause | null | undefined): number {
  if (!error) return 0;
  let size = error.message.length + ('stack' in error ? (error.stack?.length ?? 0) : 0) + sizeOfError(error.cause);
  for (const each of error.errors ?? []) size += sizeOfError(each);
  return size;
}

export function cursorAt(row: Row): string {
  return `${row.order}.${row.id}`;
}

function waiting(s: State, row: Row): WaitingView | undefined {
  const found = waitingFor(s, row, row.queue);
  return (
    found && {
      kind: found.kind,
      dependencies: found.kind === 'dependencies' ? openEdges(row) : undefined,
      lock: found.lock && { key: found.lock.key, heldBy: found.lock.holder ?? found.lock.handle ?? null },
      funcPath: row.task.mirror?.funcPath,
    }
  );
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
    unhandledTasks: [...s.unhandled.tasks.keys()].slice(0, UNHANDLED_SHOWN).map(({ taskId }) => taskId),
    delayed: s.delayed.size,
    waitingForDependencies: s.waitingForDependencies,
    waitingForLock: s.waitingForLock,
    waitingForHandler: s.unhandled.size,
    window: s.window.map((minute) => ({ ...minute })),
    setAside: 0,
    returned: 0,
    rewound: 0,
    recentErrors: copyOf(s.recentErrors),
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
