import { LIST_NODES } from '../../core/limits.js';
import type { Page, WorkflowInfo } from '../records.js';
import * as history from './history.js';
import type { Row, WorkflowRow } from './rows.js';
import type { State } from './state.js';

/** One of its executions has ended. The last one ends the workflow. */
export function close(s: State, row: Row, now: number): void {
  const workflow = history.workflowOf(s, row);
  // What a workflow that is not known any more has left behind stands alone.
  if (workflow === null) return history.retire(s, row, now);
  workflow.bytes += history.bytes(row);
  if (--workflow.open === 0) end(s, workflow, now);
}

/** The last of its executions has ended, or it has none: from here on history has it, as a whole. */
export function end(s: State, workflow: WorkflowRow, now: number): void {
  const ends = new Set(workflow.nodes.map((node) => node.row.status));
  workflow.status = ends.has('FAILED') ? 'FAILED' : ends.has('CANCELLED') ? 'CANCELLED' : 'COMPLETED';
  workflow.completedAt = now;
  s.touch(workflow);
  s.effects.push({ kind: 'workflow', workflowId: workflow.workflowId, status: workflow.status, time: now });
  history.retireWorkflow(s, workflow, now);
}

/** One of its executions is about to run again: with it, the whole workflow is out of history. */
export function open(s: State, row: Row): void {
  const workflow = history.workflowOf(s, row);
  if (workflow === null) return;
  history.keepWorkflow(s, workflow);
  workflow.bytes -= history.bytes(row);
  if (workflow.open++ > 0) return;
  workflow.status = 'RUNNING';
  workflow.completedAt = 0;
  s.touch(workflow);
}

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

export function info(workflow: WorkflowRow): WorkflowInfo {
  return {
    workflowId: workflow.workflowId,
    name: workflow.name,
    status: workflow.status,
    createdTime: new Date(workflow.createdTime).toISOString(),
    completedTime: workflow.open > 0 ? null : new Date(workflow.completedAt).toISOString(),
    nodes: workflow.nodes.map(({ ref, row, dependsOn }) => ({
      ref,
      executionId: row.id,
      taskId: row.task.taskId,
      status: row.status,
      dependsOn,
    })),
  };
}
