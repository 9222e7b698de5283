import { createHmac, randomBytes } from 'node:crypto';
import {
  priorityName,
  type CronSchedule,
  type LockInfo,
  type TaskExecution,
  type WorkflowInfo,
} from 'nestjs-advanced-scheduler';
import { ConsoleError } from '../console-error.js';

/** Characters of an error's message in a row. */
const MESSAGE = 300;
/** Dependencies in a row. */
const DEPENDENCIES = 10;

/** An execution in a list: without payload, result, logs, attempts and stack, which are read one by one. */
export function executionRow(execution: TaskExecution): object {
  const { payload: _p, result: _r, logs: _l, attempts: _a, error, waitingFor, progress, priority, ...rest } = execution;
  const dependencies = waitingFor?.dependencies?.slice(0, DEPENDENCIES);
  return {
    ...rest,
    priority: priorityName(priority),
    error: error && { ...error, message: error.message.slice(0, MESSAGE), stack: undefined },
    waitingFor: waitingFor && { ...waitingFor, ...(dependencies ? { dependencies } : {}) },
    progress: progress && { ...progress, note: progress.note?.slice(0, MESSAGE) ?? null },
  };
}

/** A workflow in a list: its number of nodes, in total and by status. */
export function workflowRow({ nodes, ...rest }: WorkflowInfo): object {
  const counts: Record<string, number> = {};
  for (const { status } of nodes) counts[status] = (counts[status] ?? 0) + 1;
  return { ...rest, nodeCount: nodes.length, counts };
}

/** Characters of payloads after which a page of schedules ends. */
const PAYLOADS = 4 * 1024 * 1024;

/** A page of schedules by id, after the cursor; limited by the size of their payloads as well. */
export function pageOfSchedules(schedules: readonly CronSchedule[], limit: number, cursor = '') {
  const rest = schedules.filter(({ id }) => id > cursor).sort((a, b) => (a.id < b.id ? -1 : 1));
  const items: CronSchedule[] = [];
  for (let size = 0; items.length < Math.min(limit, rest.length) && size < PAYLOADS;) {
    const schedule = rest[items.length]!;
    items.push(schedule);
    size += JSON.stringify(schedule.payload ?? null).length;
  }
  return { items, nextCursor: rest.length > items.length ? items.at(-1)!.id : null };
}

/** Of this process: a digest in a cursor tells nothing of a key, which may contain a secret. */
const CURSOR_KEY = randomBytes(32);
const LOCK_CURSOR = /^(\d{1,9})\.([\w-]{22})$/;

/**
 * A page of locks by key. The cursor names the last one of the page before, and how many there were up to it, which decides
 * if that one is gone, or another process has made the cursor.
 * @throws ConsoleError INVALID_QUERY
 */
export function pageOfLocks(
  locks: readonly LockInfo[],
  limit: number,
  cursor?: string,
): { items: LockInfo[]; nextCursor: string | null } {
  const sorted = [...locks].sort((a, b) => (a.key < b.key ? -1 : 1));
  const from = cursor === undefined ? 0 : positionOf(cursor, sorted);
  const items = sorted.slice(from, from + limit);
  const to = from + items.length;
  return { items, nextCursor: to < sorted.length ? `${to}.${digestOf(items.at(-1)!.key)}` : null };
}

function positionOf(cursor: string, sorted: readonly LockInfo[]): number {
  const [, count, digest] = LOCK_CURSOR.exec(cursor) ?? [];
  if (digest === undefined)
    throw new ConsoleError(
      'INVALID_QUERY',
      400,
      "query parameter 'cursor'; allowed: the nextCursor of the page before",
      'cursor',
    );
  const last = sorted.findIndex(({ key }) => digestOf(key) === digest);
  return last < 0 ? Number(count) : last + 1;
}

function digestOf(key: string): string {
  return createHmac('sha256', CURSOR_KEY).update(key).digest('base64url').slice(0, 22);
}
