import type { TaskAttempt } from '../../core/execution.js';
import type { ErrorInfo } from '../../core/failure.js';
import { ATTEMPTS_KEPT, RECENT_ERRORS_KEPT, MINUTES_KEPT } from '../../core/limits.js';
import { TERMINAL_STATUSES, type TerminalStatus } from '../../core/status.js';
import { WorkflowRow, type Extra, type Row, type Unit } from './rows.js';
import type { State } from './state.js';
import { weight } from './weight.js';

/** Counts an end in the current minute, of which the newest are kept. @param duration ms */
export function countInMinute(s: State, status: 'COMPLETED' | 'FAILED', duration: number): void {
  const minute = Math.floor(s.now / 60_000);
  let last = s.window.at(-1);
  if (last?.minute !== minute) {
    last = { minute, completed: 0, failed: 0, durationMs: 0 };
    s.window.push(last);
    if (s.window.length > MINUTES_KEPT) s.window.shift();
  }
  if (status === 'COMPLETED') last.completed++;
  else last.failed++;
  last.durationMs += duration;
}

/** ms since the run began, without the steps of the wall clock meanwhile. */
export function runTime(row: Row, now: number): number {
  return Math.max(0, now - row.startedAt - (row.extra?.stepped ?? 0));
}

/** Adds the run that ends now to the execution's attempts. */
export function recordAttempt(row: Row, outcome: TaskAttempt['outcome'], error: ErrorInfo | null, now: number): void {
  (row.attempts ??= []).push({
    attempt: row.runs,
    startedTime: new Date(row.startedAt).toISOString(),
    endedTime: new Date(now).toISOString(),
    workerId: row.lastWorkerId ?? null,
    outcome,
    error,
  });
  if (row.attempts.length > ATTEMPTS_KEPT) row.attempts.shift();
}

export function rememberError(s: State, row: Row, error: ErrorInfo, now: number): void {
  s.recentErrors.push({
    taskName: row.task.mirror?.taskName ?? row.task.taskId,
    taskId: row.task.taskId,
    executionId: row.id,
    error,
    time: new Date(now).toISOString(),
  });
  if (s.recentErrors.length > RECENT_ERRORS_KEPT) s.recentErrors.shift();
}

/**
 * Moves an ended execution into history, once nobody alive needs it: alone, or with its whole workflow. What history then
 * holds beyond its bounds goes.
 */
export function retire(s: State, row: Row, now: number): void {
  if (row.place !== 'kept') return;
  const workflow = workflowOf(s, row);
  if (workflow !== null) return retireWorkflow(s, workflow, now);
  if (row.task.newest === row || (row.extra !== null && isNeeded(row.extra))) return;
  row.place = 'history';
  enter(s, row, now);
}

/** Whether one that is alive needs it, or its edges are still to be moved. */
function isNeeded({ liveDependents, isKeptForEdges, isArriving }: Extra): boolean {
  return liveDependents > 0 || isKeptForEdges === true || isArriving === true;
}

/** Moves an ended workflow into history, once nobody outside of it needs any of its executions. */
export function retireWorkflow(s: State, workflow: WorkflowRow, now: number): void {
  if (workflow.open === 0 && workflow.pins === 0 && workflow.list === null) enter(s, workflow, now);
}

/** Takes an ended execution that stands alone out of history, since someone alive needs it again. */
export function keep(s: State, row: Row): void {
  if (row.place !== 'history') return;
  leave(s, row);
  row.place = 'kept';
  s.touch(row);
}

/** Takes a workflow out of history. */
export function keepWorkflow(s: State, workflow: WorkflowRow): void {
  if (workflow.list === null) return;
  leave(s, workflow);
  s.touch(workflow);
}

/** One more that is alive needs how this one ended, from outside of its workflow. */
export function pin(s: State, row: Row): void {
  const workflow = workflowOf(s, row);
  if (workflow === null) return keep(s, row);
  workflow.pins++;
  keepWorkflow(s, workflow);
}

/** The other way round. */
export function unpin(s: State, row: Row, now: number): void {
  const workflow = workflowOf(s, row);
  if (workflow === null) return retire(s, row, now);
  workflow.pins--;
  retireWorkflow(s, workflow, now);
}

/** The workflow with which an execution is kept or dropped; null: it stands alone. */
export function workflowOf(s: State, row: Row): WorkflowRow | null {
  const workflow = row.extra?.workflow ?? null;
  return workflow !== null && s.workflows.get(workflow.workflowId) === workflow ? workflow : null;
}

/** Drops the oldest of each outcome beyond its count, age and bytes. @returns how many executions */
export function trim(s: State, now: number, limit: number): number {
  let done = 0;
  for (const status of TERMINAL_STATUSES) done += trimOutcome(s, status, now, limit - done);
  return done;
}

function trimOutcome(s: State, status: TerminalStatus, now: number, limit: number): number {
  const { count, age, bytes: maxBytes } = s.settings.history[status];
  const shelf = s.history[status];
  let done = 0;
  while (done < limit) {
    const oldest = shelf.units.head;
    if (oldest === null) break;
    const tooMany = shelf.units.size > count || (maxBytes !== null && shelf.bytes > maxBytes);
    if (!tooMany && (age === null || oldest.completedAt > now - age)) break;
    done += drop(s, oldest);
  }
  return done;
}

function enter(s: State, unit: Unit, now: number): void {
  s.touch(unit);
  const status = unit.status as TerminalStatus;
  s.history[status].units.pushTail(unit);
  s.history[status].bytes += weight(unit);
  trimOutcome(s, status, now, Number.POSITIVE_INFINITY);
}

function leave(s: State, unit: Unit): void {
  const shelf = s.history[unit.status as TerminalStatus];
  shelf.units.remove(unit);
  shelf.bytes -= weight(unit);
}

/** Lets an execution, or a workflow with all its executions, go for good. @returns how many executions */
export function drop(s: State, unit: Unit): number {
  forget(s, unit);
  s.touch(unit);
  const rows = unit instanceof WorkflowRow ? unit.nodes.map((node) => node.row) : [unit];
  for (const row of rows) {
    row.place = 'gone';
    s.touch(row);
  }
  return Math.max(1, rows.length);
}

/** Takes what stands in history out of memory. */
export function forget(s: State, unit: Unit): void {
  leave(s, unit);
  if (!(unit instanceof WorkflowRow)) return forgetRow(s, unit);
  s.workflows.delete(unit.workflowId);
  for (const { row } of unit.nodes) if (s.executions.get(row.id) === row) forgetRow(s, row);
}

function forgetRow(s: State, row: Row): void {
  s.byStatus[row.status]--;
  s.executions.delete(row.id);
  if (row.newer) row.newer.older = row.older;
  else s.newestRow = row.older;
  if (row.older) row.older.newer = row.newer;
  row.newer = row.older = null;
}
