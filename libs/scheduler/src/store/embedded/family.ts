import type { Row, WorkflowRow } from '../maps/rows.js';

/** Executions that hang together by edges and workflows, and the workflows. */
export interface Family {
  rows: Row[];
  workflows: WorkflowRow[];
}

/** Whether an execution stands in history, alone or with its workflow. */
export function isRetired(row: Row): boolean {
  return row.place === 'history' || (row.place === 'kept' && (row.extra?.workflow?.list ?? null) !== null);
}

/**
 * The family of an execution that stands in history, if nothing alive belongs to it: it then leaves memory as one, and
 * comes back as one. null: it has to stay.
 * @param busy executions whose dependents are still to be told
 */
export function familyOf(row: Row, busy: ReadonlySet<Row>): Family | null {
  const rows = new Set([row]);
  const workflows = new Set<WorkflowRow>();
  for (const member of rows) {
    if (!isRetired(member) || busy.has(member)) return null;
    if (member.extra === null) continue;
    const { edges, dependents, workflow } = member.extra;
    // What is gone is part of no family, and nothing behind it can be reached any more.
    const add = (other: Row | null): void => void (other !== null && other.place !== 'gone' && rows.add(other));
    for (const edge of edges ?? []) add(edge.upstream);
    for (const edge of dependents ?? []) add(edge.dependent);
    if (workflow === null) continue;
    workflows.add(workflow);
    for (const node of workflow.nodes) add(node.row);
  }
  return { rows: [...rows], workflows: [...workflows] };
}
