import type { Row, WorkflowRow } from '../maps/rows.js';

/** Executions that are connected by edges and workflows, and the workflows. */
export interface Component {
  rows: Row[];
  workflows: WorkflowRow[];
}

/** Whether an execution is in history, by itself or with its workflow. */
export function isInHistory(row: Row): boolean {
  return row.place === 'history' || (row.place === 'kept' && (row.extra?.workflow?.list ?? null) !== null);
}

/**
 * The connected component of an execution in history. It is evicted and loaded as a whole. null: it must stay in memory, as
 * not all of it is in history.
 * @param busy executions with pending propagation steps
 */
export function componentOf(row: Row, busy: ReadonlySet<Row>): Component | null {
  const rows = new Set([row]);
  const workflows = new Set<WorkflowRow>();
  for (const member of rows) {
    if (!isInHistory(member) || busy.has(member)) return null;
    if (member.extra === null) continue;
    const { edges, dependents, workflow } = member.extra;
    // Dropped executions belong to no component, and connect nothing.
    const add = (other: Row | null): void => void (other !== null && other.place !== 'gone' && rows.add(other));
    for (const edge of edges ?? []) add(edge.upstream);
    for (const edge of dependents ?? []) add(edge.dependent);
    if (workflow === null) continue;
    workflows.add(workflow);
    for (const node of workflow.nodes) add(node.row);
  }
  return { rows: [...rows], workflows: [...workflows] };
}
