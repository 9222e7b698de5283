import {
  priorityName,
  type CronSchedule,
  type LockInfo,
  type TaskExecution,
  type WorkflowInfo,
} from 'nestjs-advanced-scheduler';

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

/** A page of locks by key, after the cursor. */
export function pageOfLocks(
  locks: readonly LockInfo[],
  limit: number,
  cursor = '',
): { items: LockInfo[]; nextCursor: string | null } {
  const rest = locks.filter(({ key }) => key > cursor).sort((a, b) => (a.key < b.key ? -1 : 1));
  const items = rest.slice(0, limit);
  return { items, nextCursor: rest.length > items.length ? items.at(-1)!.key : null };
}
