import { copyOf } from '../../core/json.js';
import { LIST_NODES } from '../../core/limits.js';
import type { Page, WorkflowInfo } from '../records.js';
import { toWorkflow } from '../views.js';
import type { WorkflowRow } from './rows.js';
import type { State } from './state.js';

/** Newest first, from the cursor on. */
export function list(s: State, query: { limit: number; cursor?: string }): Page<WorkflowInfo> {
  const below = query.cursor === undefined ? Number.POSITIVE_INFINITY : Number(query.cursor);
  const rest = [...s.workflows.values()].filter((each) => each.order < below).sort((a, b) => b.order - a.order);
  const page = rest.slice(0, roomOf(rest.slice(0, query.limit).map(({ nodes }) => nodes.length)));
  return { items: page.map(info), nextCursor: rest.length > page.length ? String(page.at(-1)!.order) : null };
}

/** How many of these workflows make a page, by the numbers of their nodes: one at least. */
export function roomOf(nodes: readonly number[]): number {
  let sum = 0;
  const over = nodes.findIndex((count, index) => (sum += count) > LIST_NODES && index > 0);
  return over < 0 ? nodes.length : over;
}

export function info({ workflowId, name, status, createdTime, completedAt, open, nodes }: WorkflowRow): WorkflowInfo {
  return toWorkflow({
    ...{ workflowId, name, status, createdTime, completedTime: completedAt, isOpen: open > 0 },
    nodes: nodes.map(({ ref, row, dependsOn }) => ({
      ...{ ref, executionId: row.id, taskId: row.task.taskId, status: row.status, dependsOn: copyOf(dependsOn) },
    })),
  });
}
