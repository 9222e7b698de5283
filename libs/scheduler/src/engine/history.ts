/** What is kept of ended executions and workflows, and what is dropped. */
import type { TerminalStatus } from '../core/status.js';
import type { Shelves } from './history-tables.js';
import type { ExecutionRecord, WorkflowRecord } from './records.js';
import type { Tables } from './tables.js';

const OUTCOMES: readonly TerminalStatus[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'];

/** Moves an ended execution into history, once no live one needs it: alone, or with its whole workflow. */
export function retire(t: Tables, execution: ExecutionRecord): void {
  if (!t.history.isKept(execution)) return;
  const workflow = t.workflows.of(execution);
  if (workflow !== undefined) retireWorkflow(t, workflow);
  else if (!isNeeded(t, execution)) t.history.enter(execution);
}

/** Moves an ended workflow into history, once no live execution outside of it needs any of its executions. */
export function retireWorkflow(t: Tables, workflow: WorkflowRecord): void {
  if (workflow.open > 0 || workflow.pins > 0 || t.history.hasWorkflow(workflow)) return;
  t.history.enterWorkflow(workflow);
}

/** Takes an execution that stands alone out of history. */
export function unretire(t: Tables, execution: ExecutionRecord): void {
  if (t.history.has(execution)) t.history.leave(execution);
}

/** Takes a workflow out of history. */
export function unretireWorkflow(t: Tables, workflow: WorkflowRecord): void {
  if (t.history.hasWorkflow(workflow)) t.history.leaveWorkflow(workflow);
}

/** One more live execution needs how that one ended, from outside of its workflow. */
export function pin(t: Tables, execution: ExecutionRecord): void {
  const workflow = t.workflows.of(execution);
  if (workflow === undefined) {
    unretire(t, execution);
    return;
  }
  workflow.pins++;
  t.workflows.touchCounts(workflow);
  unretireWorkflow(t, workflow);
}

/** One less does; it may go into history. */
export function unpin(t: Tables, execution: ExecutionRecord): void {
  const workflow = t.workflows.of(execution);
  if (workflow === undefined) {
    retire(t, execution);
    return;
  }
  workflow.pins--;
  t.workflows.touchCounts(workflow);
  retireWorkflow(t, workflow);
}

/** As unpin, of one that is about to run again. */
export function unpinReopened(t: Tables, execution: ExecutionRecord): void {
  const workflow = t.workflows.of(execution);
  if (workflow === undefined) return;
  workflow.pins--;
  t.workflows.touchCounts(workflow);
}

/** At the end of a verb: drops what is more than is kept of the outcomes that history has got more of. @param limit executions */
export function trimGrown(t: Tables, limit: number): void {
  let left = limit;
  for (const outcome of OUTCOMES) if (t.history.takeGrown(outcome)) left -= trimOutcome(t, outcome, left);
}

/** What `trim` has done. */
export interface Trimmed {
  /** Executions that are dropped. */
  done: number;
  /** Whether there may be more to drop. */
  isOver: boolean;
}

/** Drops what is more than is kept, oldest first: of each outcome by number, age and bytes. @param limit executions */
export function trim(t: { readonly now: number; readonly history: Shelves }, limit: number): Trimmed {
  let done = 0;
  for (const outcome of OUTCOMES) done += trimOutcome(t, outcome, limit - done);
  return { done, isOver: done >= limit || t.history.isCut() };
}

function trimOutcome(
  t: { readonly now: number; readonly history: Shelves },
  outcome: TerminalStatus,
  limit: number,
): number {
  const bounds = t.history.bounds(outcome);
  let count = t.history.count(outcome);
  let bytes = bounds.bytes === undefined ? 0 : t.history.bytes(outcome);
  let done = 0;
  while (done < limit) {
    const isTooMuch = count > bounds.count || (bounds.bytes !== undefined && bytes > bounds.bytes);
    if (!isTooMuch && bounds.age === undefined) break;
    const oldest = t.history.oldest(outcome);
    if (oldest === undefined || (!isTooMuch && oldest.completedAt > t.now - bounds.age!)) break;
    count--;
    if (bounds.bytes !== undefined) bytes -= oldest.bytes;
    done += t.history.drop(outcome, oldest);
  }
  return done;
}

/** Whether a live one needs it, as the newest of its task or by an edge, or its edges are still to be moved. */
function isNeeded(t: Tables, execution: ExecutionRecord): boolean {
  if (execution.liveDependents > 0 || execution.isKeptForEdges || execution.arrivalSteps !== undefined) return true;
  return t.isNewest(execution);
}
