import type { TaskExecution } from '../../core/execution.js';
import { cursorAt, LIST_LIMIT, orderOf, scan, view } from '../memory/inspect.js';
import type { State } from '../memory/state.js';
import { info } from '../memory/workflow.js';
import type { ListExecutionsQuery, Page, WorkflowInfo } from '../records.js';
import type { Archive } from './archive.js';
import type { WorkflowRecord } from './codec.js';
import { detached } from './rebuild.js';
import type { Residents } from './residents.js';

/** Newest first, from memory and from history on disk. */
export function listAll(
  s: State,
  residents: Residents,
  archive: Archive,
  query: ListExecutionsQuery,
  now: number,
): Page<TaskExecution> {
  const limit = query.limit ?? LIST_LIMIT;
  const below = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : orderOf(query.cursor);
  const { rows, stoppedAt } = scan(s, query, (executionId) => residents.peek(executionId));
  // What is older than the last one looked at in memory belongs to a later page.
  const stored = archive.page(query, below, stoppedAt?.order ?? 0, limit);
  const merged = [...rows, ...stored.map((each) => detached(s, each))].sort((a, b) => b.order - a.order);
  const page = merged.slice(0, limit);
  const items = page.map((row) => view(row, now));
  const last = page.at(-1);
  if (last && (merged.length > limit || stored.length === limit)) return { items, nextCursor: cursorAt(last) };
  return { items, nextCursor: stoppedAt && cursorAt(stoppedAt) };
}

/** Newest first, from memory and from disk. */
export function listAllWorkflows(
  s: State,
  archive: Archive,
  { limit, cursor }: { limit: number; cursor?: string },
): Page<WorkflowInfo> {
  const below = cursor === undefined ? Number.POSITIVE_INFINITY : Number(cursor);
  const inMemory = [...s.workflows.values()].filter((each) => each.order < below);
  const merged = [
    ...inMemory.map((workflow) => ({ order: workflow.order, info: () => info(workflow) })),
    ...archive
      .workflows(below, limit + 1)
      .map(({ number, record }) => ({ order: number, info: () => archivedInfo(record) })),
  ].sort((a, b) => b.order - a.order);
  const page = merged.slice(0, limit);
  return {
    items: page.map((each) => each.info()),
    nextCursor: merged.length > page.length ? String(page.at(-1)!.order) : null,
  };
}

export function archivedInfo({
  workflowId,
  name,
  status,
  createdTime,
  completedTime,
  nodes,
}: WorkflowRecord): WorkflowInfo {
  return {
    workflowId,
    name,
    status,
    createdTime: new Date(createdTime).toISOString(),
    completedTime: new Date(completedTime).toISOString(),
    nodes: nodes.map(({ ref, execution, dependsOn }) => ({
      ref,
      executionId: execution.id,
      taskId: execution.taskId,
      status: execution.status,
      dependsOn,
    })),
  };
}
