/** What the end, or the reopening, of an execution means for those that depend on it. */
import type { DependencyType } from '../core/dependency.js';
import type { TaskStatus } from '../core/status.js';
import { attachLate, attachWaiting, closeEdge, isUndecided, isUnderWay, moveEdges } from './edges.js';
import { finish, reopen } from './finish.js';
import type { EdgeRecord, LateEdge, PropagationStep } from './edge-records.js';
import { waitForEarlier } from './overlap.js';
import type { ExecutionRecord } from './records.js';
import { hasEnded } from './status.js';
import type { Tables } from './tables.js';

/** Whether an edge holds at this end of its upstream. */
export function holds(dependency: DependencyType, status: TaskStatus): boolean {
  if (dependency === 'success') return status === 'COMPLETED';
  if (dependency === 'failure') return status === 'FAILED';
  return dependency === 'always' || status === 'COMPLETED' || status === 'FAILED';
}

/** Decides those edges of a new execution whose upstream has ended already, or is lost. */
export function decideBound(t: Tables, edges: readonly EdgeRecord[]): void {
  for (const edge of edges) {
    const upstream = t.edges.upstream(edge);
    if (upstream === undefined) decideIfLost(t, edge);
    else if (hasEnded(upstream.status)) decide(t, edge, upstream);
  }
}

/** Decides edges whose upstream cannot be read any more, by its last known status; one that had not ended counts as failed. */
export function decideLost(t: Tables, edges: readonly EdgeRecord[]): void {
  for (const edge of edges) {
    const dependent = t.edges.dependent(edge);
    if (dependent !== undefined && isUndecided(dependent, edge)) {
      const status = t.edges.statusOf(edge);
      decideAs(t, edge, dependent, status !== undefined && hasEnded(status) ? status : 'FAILED');
    }
  }
}

/**
 * Decides those of the next edges of an execution whose upstream is lost.
 * @param first the edge to begin with
 * @returns the edge to go on with; 0: none is left
 */
export function decideLostUpstreams(t: Tables, execution: ExecutionRecord, first: number): number {
  const budget = t.edgeBudget;
  let next = first;
  while (next <= (execution.edgeCount ?? 0) && !hasEnded(execution.status)) {
    if (budget.toMove <= 0 || budget.bytes <= 0) return next;
    const passed = t.edges.eachNotHeld(execution, next, (edge) => decideIfLost(t, edge));
    budget.toMove -= passed;
    next += passed;
  }
  return 0;
}

function decideIfLost(t: Tables, edge: EdgeRecord): void {
  if (edge.upstreamId !== undefined && t.edges.upstream(edge) === undefined) decideLost(t, [edge]);
}

/** Runs the steps that are due, in their order, within the bounds of one verb. */
export function propagate(t: Tables): void {
  const budget = t.edgeBudget;
  t.steps.run((step) => {
    const execution = t.execution(step.executionId);
    if (execution !== undefined) return advance(t, execution, step);
    budget.toDecide--;
    return true;
  });
}

/**
 * Begins anew what, as the execution shows, steps are still to do for it: one of the stored steps was lost. What others have
 * done, or still do, stays as it is.
 */
export function resumeSteps(t: Tables, execution: ExecutionRecord): void {
  const isArriving = execution.arrivalSteps !== undefined;
  if (isArriving) {
    execution.arrivalSteps = 1;
    t.steps.add(execution, 'arrived', execution.arrivalNumber ?? 0);
  }
  if (execution.edgesReleased !== undefined) t.steps.add(execution, 'edges', execution.leaseToken);
  if (execution.endsToPropagate !== undefined || (isArriving && hasEnded(execution.status))) {
    execution.endsToPropagate = 1;
    t.steps.add(execution, 'ended', 0);
  }
  t.touchExecution(execution);
}

/** Ends the waits for edges whose timeout has passed. @returns how many */
export function timeOut(t: Tables, limit: number): number {
  return t.edges.eachDue(limit, (edge) => {
    const dependent = t.edges.dependent(edge);
    if (dependent !== undefined && isUndecided(dependent, edge)) breakEdge(t, edge, dependent, 'timedOut');
  });
}

/** @returns whether the step is done; the others wait until it is */
function advance(t: Tables, execution: ExecutionRecord, step: PropagationStep): boolean {
  // If it was reopened since, a later step moves its edges; ends from before the reopening are propagated first.
  if (step.kind === 'edges') return step.next !== execution.leaseToken || moveEdges(t, execution);
  if (step.kind === 'arrived') return attachWaiting(t, execution, step.next);
  if (step.kind === 'late') return step.late === undefined || decideLate(t, execution, step.next, step.late);
  return visitDependents(t, execution, step);
}

/** @returns whether it is decided whether an edge that came late leads to that execution */
function decideLate(t: Tables, execution: ExecutionRecord, index: number, late: LateEdge): boolean {
  const attached = attachLate(t, execution, index, late);
  if (attached === false) return false;
  t.edgeBudget.toDecide--;
  decideBound(t, attached);
  return true;
}

/** Visits the next dependents, in the order of their edges. @returns whether all of them were visited */
function visitDependents(t: Tables, upstream: ExecutionRecord, step: PropagationStep): boolean {
  const budget = t.edgeBudget;
  const visited = t.edges.eachDependent(upstream, step.next, budget.toDecide, (edge) => {
    if (step.kind === 'reopened') return bringBack(t, edge, step);
    if (hasEnded(upstream.status)) decide(t, edge, upstream);
    return true;
  });
  step.next += visited;
  budget.toDecide -= Math.max(1, visited);
  if (step.next < (upstream.dependentCount ?? 0)) return false;
  if (step.kind === 'ended') {
    const left = (upstream.endsToPropagate ?? 0) - 1;
    upstream.endsToPropagate = left > 0 ? left : undefined;
    t.touchExecution(upstream);
  }
  return true;
}

/** The upstream of an edge has ended. */
function decide(t: Tables, edge: EdgeRecord, upstream: ExecutionRecord): void {
  const dependent = t.edges.dependent(edge);
  if (dependent === undefined) return;
  if (!isUndecided(dependent, edge)) {
    // History may drop the upstream, and it may then be asked whether its dependent comes back.
    if (dependent.status === 'SKIPPED') t.edges.keepStatus(edge, upstream);
  } else {
    waitForEarlier(t, dependent, upstream);
    decideAs(t, edge, dependent, upstream.status);
  }
}

function decideAs(t: Tables, edge: EdgeRecord, dependent: ExecutionRecord, status: TaskStatus): void {
  if (!holds(edge.type, status)) {
    breakEdge(t, edge, dependent, 'broken');
    return;
  }
  t.edges.endTimeout(edge);
  t.edges.setState(edge, 'held');
  closeEdge(t, dependent);
}

/** The edge can no longer hold: its dependent is SKIPPED, with the execution in which the failure began. */
function breakEdge(t: Tables, edge: EdgeRecord, dependent: ExecutionRecord, state: 'broken' | 'timedOut'): void {
  t.edges.setState(edge, state);
  const upstream = t.edges.upstream(edge);
  dependent.rootCause = undefined;
  if (upstream !== undefined) dependent.rootCause = t.rootCauseOf(upstream);
  const reason = state === 'timedOut' ? 'DEPENDENCY_TIMEOUT' : 'DEPENDENCY_FAILED';
  finish(t, dependent, 'skip', 'SKIPPED', { reason });
}

/**
 * Reopens a dependent that was SKIPPED, unless an edge of it still cannot hold. The edge that was found last time is examined
 * first: otherwise each upstream of many that are reopened would have all edges examined. To examine them may take several
 * verbs.
 * @returns whether that is decided
 */
function bringBack(t: Tables, edge: EdgeRecord, step: PropagationStep): boolean {
  const dependent = t.edges.dependent(edge);
  if (dependent === undefined) return true;
  t.edges.forgetResult(edge);
  if (dependent.status !== 'SKIPPED' || dependent.reason !== 'DEPENDENCY_FAILED') return true;
  const budget = t.edgeBudget;
  const count = dependent.edgeCount ?? 0;
  const known = dependent.brokenEdge ?? 0;
  let examined = step.examined ?? 0;
  if (examined === 0 && known > 0 && known <= count && examine(t, dependent, known) === 0) return true;
  while (examined < count) {
    if (budget.toMove <= 0 || budget.bytes <= 0) {
      step.examined = examined;
      return false;
    }
    const passed = examine(t, dependent, examined + 1);
    if (passed === 0) {
      dependent.brokenEdge = examined + 1;
      t.touchExecution(dependent);
      step.examined = undefined;
      return true;
    }
    examined += passed;
  }
  step.examined = undefined;
  reopen(t, dependent);
  return true;
}

/**
 * Examines the next edges of a dependent.
 * @param first the edge to begin with
 * @returns how many, at least 1; 0: one of them cannot hold
 */
function examine(t: Tables, dependent: ExecutionRecord, first: number): number {
  let isBroken = false;
  const passed = t.edges.eachNotHeld(dependent, first, (edge) => {
    if (cannotHold(t, edge)) isBroken = true;
  });
  t.edgeBudget.toMove -= passed;
  return isBroken ? 0 : passed;
}

function cannotHold(t: Tables, edge: EdgeRecord): boolean {
  if (edge.state === 'timedOut') return true;
  if (edge.upstreamId === undefined) return false;
  const upstream = t.edges.upstream(edge);
  if (upstream !== undefined && isUnderWay(upstream)) return false;
  const status = t.edges.statusOf(edge);
  return status !== undefined && !holds(edge.type, status);
}
