/** Workflows: open until the last of their executions has ended. */
import { retire, retireWorkflow, unretireWorkflow } from './history.js';
import type { ExecutionRecord, WorkflowRecord } from './records.js';
import type { Tables } from './tables.js';

/** A member has ended. The last one ends the workflow. */
export function closeMember(t: Tables, execution: ExecutionRecord): void {
  const workflow = t.workflows.of(execution);
  // What a workflow that is not known any more has left behind is alone, and one that has ended does not end again.
  if (workflow === undefined || workflow.open <= 0) {
    retire(t, execution);
    return;
  }
  workflow.open--;
  countEnd(workflow, execution, 1);
  t.workflows.addBytes(workflow, execution);
  t.workflows.touchCounts(workflow);
  if (workflow.open === 0) close(t, workflow);
}

/** An ended member is about to be reopened: with it, the whole workflow is out of history. */
export function openMember(t: Tables, execution: ExecutionRecord): void {
  const workflow = t.workflows.of(execution);
  if (workflow === undefined) return;
  unretireWorkflow(t, workflow);
  workflow.open++;
  countEnd(workflow, execution, -1);
  t.workflows.removeBytes(workflow, execution);
  t.workflows.touchCounts(workflow);
  if (workflow.open > 1) return;
  workflow.status = 'RUNNING';
  workflow.completedAt = 0;
  t.workflows.touch(workflow);
}

/** The last of its executions has ended, or it has none: from here on history has it, as a whole. */
export function close(t: Tables, workflow: WorkflowRecord): void {
  complete(t, workflow);
  retireWorkflow(t, workflow);
}

/** Its status follows from the ends of its executions. */
export function complete(t: Tables, workflow: WorkflowRecord): void {
  workflow.status = workflow.failed > 0 ? 'FAILED' : workflow.cancelled > 0 ? 'CANCELLED' : 'COMPLETED';
  workflow.completedAt = t.now;
  t.workflows.touch(workflow);
  t.emitWorkflow(workflow);
}

function countEnd(workflow: WorkflowRecord, execution: ExecutionRecord, by: number): void {
  if (execution.status === 'FAILED') workflow.failed += by;
  else if (execution.status === 'CANCELLED') workflow.cancelled += by;
}
