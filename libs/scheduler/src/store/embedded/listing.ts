import type { TaskExecution } from '../../core/execution.js';
import { LIST_NODES, LIST_SIZE } from '../../core/limits.js';
import { cursorAt, LIST_LIMIT, orderOf, scan, sizeOf, view } from '../maps/inspect.js';
import type { Row } from '../maps/rows.js';
import type { State } from '../maps/state.js';
import { info, roomOf } from '../maps/workflow.js';
import type { ListExecutionsQuery, Page, WorkflowInfo } from '../records.js';
import { toWorkflow } from '../views.js';
import type { Archive } from './archive.js';
import type { WorkflowRecord } from './codec.js';
import { unlinkedRow, type StoredWorkflow } from './unlinked-row.js';
import type { WorkingSet } from './working-set.js';

/** Newest first, from memory and from history on disk. */
export function listAll(
  s: State,
  residents: WorkingSet,
  archive: Archive,
  query: ListExecutionsQuery,
): Page<TaskExecution> {
  const limit = query.limit ?? LIST_LIMIT;
  const below = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : orderOf(query.cursor);
  const { rows, stoppedAt } = scan(s, query, (executionId) => residents.peek(executionId));
  // What is older than the last one looked at in memory belongs to a later page.
  const stored = readStored(s, archive, query, below, stoppedAt?.order ?? 0, limit);
  const merged = [...rows, ...stored.rows].sort((a, b) => b.order - a.order);
  const page = merged.slice(0, Math.min(limit, rowsWithin(merged)));
  const items = page.map((row) => view(s, row));
  const last = page.at(-1);
  if (last && (merged.length > page.length || !stored.isAll)) return { items, nextCursor: cursorAt(last) };
  return { items, nextCursor: stoppedAt && cursorAt(stoppedAt) };
}

/** So many are read from the disk at once: few, where they may be large. */
const FEWEST = 16;
const MOST = 256;

/** What history has of a query, until there are `limit` or their size is that of a page. */
function readStored(
  s: State,
  archive: Archive,
  query: ListExecutionsQuery,
  below: number,
  downTo: number,
  limit: number,
): { rows: Row[]; isAll: boolean } {
  const rows: Row[] = [];
  let size = 0;
  for (let step = FEWEST; rows.length < limit && size < LIST_SIZE;) {
    const wanted = Math.min(step, limit - rows.length);
    const found = archive.page(query, rows.at(-1)?.order ?? below, downTo, wanted).map((each) => unlinkedRow(s, each));
    const read = found.reduce((sum, row) => sum + sizeOf(row), 0);
    rows.push(...found);
    size += read;
    if (found.length < wanted) return { rows, isAll: true };
    step = read * 16 > LIST_SIZE ? FEWEST : Math.min(4 * step, MOST);
  }
  return { rows, isAll: false };
}

/** How many rows make a page by their size: one at least. */
function rowsWithin(rows: readonly Row[]): number {
  let size = 0;
  const last = rows.findIndex((row) => (size += sizeOf(row)) >= LIST_SIZE);
  return last < 0 ? rows.length : last + 1;
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
    ...inMemory.map((workflow) => ({
      order: workflow.order,
      nodes: workflow.nodes.length,
      info: () => info(workflow),
    })),
    ...storedWorkflows(archive, below, limit + 1).map(({ number, record }) => ({
      order: number,
      nodes: record.nodes.length,
      info: () => archivedInfo(record),
    })),
  ].sort((a, b) => b.order - a.order);
  const page = merged.slice(0, roomOf(merged.slice(0, limit).map(({ nodes }) => nodes)));
  return {
    items: page.map((each) => each.info()),
    nextCursor: merged.length > page.length ? String(page.at(-1)!.order) : null,
  };
}

/** Until there are `limit`, or more nodes than a page has. */
function storedWorkflows(archive: Archive, below: number, limit: number): StoredWorkflow[] {
  const found: StoredWorkflow[] = [];
  for (let nodes = 0; found.length < limit && nodes <= LIST_NODES;) {
    const wanted = Math.min(FEWEST, limit - found.length);
    const part = archive.workflows(found.at(-1)?.number ?? below, wanted);
    found.push(...part);
    nodes += part.reduce((sum, { record }) => sum + record.nodes.length, 0);
    if (part.length < wanted) break;
  }
  return found;
}

export function archivedInfo({ nodes, ...workflow }: WorkflowRecord): WorkflowInfo {
  return toWorkflow({
    ...workflow,
    isOpen: false,
    nodes: nodes.map(({ ref, execution, dependsOn }) => ({
      ...{ ref, executionId: execution.id, taskId: execution.taskId, status: execution.status, dependsOn },
    })),
  });
}
