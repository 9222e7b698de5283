import type { Page, WorkflowInfo } from '../records.js';
import * as history from './history.js';
import type { Row, WorkflowRow } from './rows.js';
import type { State } from './state.js';

/** One of its executions has ended. The last one ends the workflow, and only then may any of them leave for history. */
export function close(s: State, workflow: WorkflowRow, row: Row, now: number): void {
  if (isForgotten(s, workflow)) return history.retire(s, row, now);
  if (--workflow.open === 0) end(s, workflow, now);
}

/** The last of its executions has ended, or it has none. */
export function end(s: State, workflow: WorkflowRow, now: number): void {
  const ends = new Set(workflow.nodes.map((node) => node.row.status));
  workflow.status = ends.has('FAILED') ? 'FAILED' : ends.has('CANCELLED') ? 'CANCELLED' : 'COMPLETED';
  workflow.completedTime = now;
  workflow.ended = ++s.sequence;
  s.touch(workflow);
  s.effects.push({ kind: 'workflow', workflowId: workflow.workflowId, status: workflow.status, time: now });
  s.endedWorkflows.add(workflow);
  for (const oldest of s.endedWorkflows) {
    if (s.endedWorkflows.size <= s.settings.history.count) break;
    s.endedWorkflows.delete(oldest);
    s.workflows.delete(oldest.workflowId);
    s.touch(oldest);
  }
  for (const node of workflow.nodes) history.retire(s, node.row, now);
}

/** One of its executions runs again. A workflow that was forgotten stays forgotten. */
export function open(s: State, workflow: WorkflowRow): void {
  if (isForgotten(s, workflow)) return;
  if (workflow.open++ > 0) return;
  workflow.status = 'RUNNING';
  workflow.completedTime = workflow.ended = 0;
  s.touch(workflow);
  s.endedWorkflows.delete(workflow);
  for (const node of workflow.nodes) history.keep(s, node.row);
}

/** Its record has left history before the last of its executions did. */
function isForgotten(s: State, workflow: WorkflowRow): boolean {
  return s.workflows.get(workflow.workflowId) !== workflow;
}

/** Newest first, from the cursor on. */
export function list(s: State, query: { limit: number; cursor?: string }): Page<WorkflowInfo> {
  const below = query.cursor === undefined ? Number.POSITIVE_INFINITY : Number(query.cursor);
  const rest = [...s.workflows.values()].filter((each) => each.order < below).sort((a, b) => b.order - a.order);
  const page = rest.slice(0, query.limit);
  return { items: page.map(info), nextCursor: rest.length > page.length ? String(page.at(-1)!.order) : null };
}

export function info(workflow: WorkflowRow): WorkflowInfo {
  return {
    workflowId: workflow.workflowId,
    name: workflow.name,
    status: workflow.status,
    createdTime: new Date(workflow.createdTime).toISOString(),
    completedTime: workflow.open > 0 ? null : new Date(workflow.completedTime).toISOString(),
    nodes: workflow.nodes.map(({ ref, row, dependsOn }) => ({
      ref,
      executionId: row.executionId,
      taskId: row.task.taskId,
      status: row.status,
      dependsOn,
    })),
  };
}
