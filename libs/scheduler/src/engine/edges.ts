/** Edges of executions to their upstreams: bound when they are made, released at their end, reattached when they are reopened. */
import { pin, unpin, unpinReopened } from './history.js';
import { enter } from './queue.js';
import { hasEnded } from './status.js';
import type { EdgeRecord, LateEdge, NewEdge } from './edge-records.js';
import type { ExecutionRecord } from './records.js';
import type { Tables } from './tables.js';

/** Edges that are read before their bytes are looked at. */
const READ_AT_ONCE = 4;

/**
 * Makes edges of a new execution: to an execution by id, to the newest of a task, or to its next one. One that has ended
 * before all of its edges are bound waits for none of those to come.
 * @param request which creates the execution: all of it may use one outcome
 */
export function bind(
  t: Tables,
  execution: ExecutionRecord,
  commands: readonly NewEdge[],
  request: string | undefined,
): EdgeRecord[] {
  const made: EdgeRecord[] = [];
  const isOpen = !hasEnded(execution.status);
  t.edges.prefetch(commands);
  for (const command of commands) {
    const edge = t.edges.create(execution, command, isOpen ? 'open' : 'dropped');
    made.push(edge);
    if (isOpen) {
      execution.openEdges++;
      startTimeout(t, edge);
    }
    if (command.to !== undefined) {
      attach(t, edge, execution, command.to, request);
    } else {
      t.definitions.watch(command.taskId);
      const newest = t.newest(command.taskId);
      const isUpstream = newest !== undefined && counts(t, edge, execution, newest, request);
      const isLate = isUpstream && mayBeUsed(t, edge, execution, newest);
      if (isUpstream && !isLate) attach(t, edge, execution, newest.id, request);
      else if (isOpen) t.edges.awaitNext(edge);
      if (isLate && isOpen) attachLater(t, edge, execution, newest, request);
    }
  }
  t.touchExecution(execution);
  return made;
}

/** A new execution of a task that others depend on: what found none that counts has waited for it. */
export function arrive(t: Tables, execution: ExecutionRecord): void {
  const last = t.replaceNewest(execution);
  pin(t, execution);
  if (last !== undefined) unpin(t, last);
  if (!t.edges.isAwaited(execution)) return;
  const number = t.nextNumber();
  execution.arrivalSteps = 1;
  execution.arrivalNumber = number;
  pin(t, execution);
  t.touchExecution(execution);
  t.steps.add(execution, 'arrived', number);
}

/** Attaches the next of those that have waited for it. @param before the number before which they did @returns whether none is left */
export function attachWaiting(t: Tables, execution: ExecutionRecord, before: number): boolean {
  const budget = t.edgeBudget;
  while (budget.toMove > 0 && budget.bytes > 0) {
    const some = t.edges.takeWaiting(execution, before, READ_AT_ONCE);
    if (some.length === 0) {
      endArrivalStep(t, execution);
      return true;
    }
    budget.toMove -= some.length;
    for (const edge of some) {
      const dependent = t.edges.dependent(edge);
      if (dependent !== undefined && isUndecided(dependent, edge)) attach(t, edge, dependent, execution.id, undefined);
    }
  }
  return false;
}

/**
 * Attaches an edge that came when the execution had ended, and others were still to be attached: unless one of the same
 * task has used its outcome by now, it does.
 * @returns the edge where that is so; false: this verb has done what it may
 */
export function attachLate(
  t: Tables,
  execution: ExecutionRecord,
  index: number,
  late: LateEdge,
): readonly EdgeRecord[] | false {
  const budget = t.edgeBudget;
  if (budget.toMove <= 0 || budget.bytes <= 0) return false;
  budget.toMove--;
  const attached: EdgeRecord[] = [];
  const dependent = t.execution(late.dependentId);
  if (dependent !== undefined) {
    for (const edge of t.edges.some(dependent, index, index)) {
      if (edge.upstreamId !== undefined || !isUndecided(dependent, edge)) continue;
      if (!counts(t, edge, dependent, execution, late.request)) continue;
      t.edges.stopWaiting(edge);
      attach(t, edge, dependent, execution.id, late.request);
      attached.push(edge);
    }
  }
  endArrivalStep(t, execution);
  return attached;
}

/**
 * An execution has ended: its open edges need no decision any more, and its upstreams have one live dependent less. Many
 * edges, and large upstreams, are released by the steps that follow; it stays out of history until then.
 */
export function release(t: Tables, execution: ExecutionRecord): void {
  if (execution.openEdges === 0 && !execution.hasExternalEdges) return;
  execution.edgesToReattach = undefined;
  execution.edgesReleased ??= 0;
  if (!releaseSome(t, execution)) t.steps.add(execution, 'edges', execution.leaseToken);
  if (execution.edgesReleased === undefined && execution.boundBy === undefined) return;
  execution.isKeptForEdges = true;
  pin(t, execution);
}

/** An ended execution goes into history once its edges are all bound, and released. */
export function retireReleased(t: Tables, execution: ExecutionRecord): void {
  if (!execution.isKeptForEdges || execution.edgesReleased !== undefined || execution.boundBy !== undefined) return;
  execution.isKeptForEdges = undefined;
  t.touchExecution(execution);
  unpin(t, execution);
}

/** Whether an execution needs the upstream of one of its edges, so that this counts it as live. */
export function isHeld(dependent: ExecutionRecord, index: number): boolean {
  if (dependent.edgesReleased === undefined) return !hasEnded(dependent.status);
  return index > dependent.edgesReleased;
}

/** Only so many live dependents need an upstream: the others that it counts were set aside. */
export function setLive(t: Tables, upstream: ExecutionRecord, count: number): void {
  const gone = upstream.liveDependents - count;
  if (gone <= 0) return;
  t.edges.addLive(upstream, -gone);
  for (let i = 0; i < gone; i++) unpin(t, upstream);
}

/** Binds a reopened execution to its upstreams again, by steps: until the last one, one open edge stands for all of them. */
export function reattach(t: Tables, execution: ExecutionRecord): void {
  // All of its edges hold, and nothing counts them.
  if (execution.openEdges === 0 && !execution.hasExternalEdges) return;
  execution.edgesReleased ??= execution.edgeCount;
  execution.edgesToReattach = execution.edgeCount;
  execution.openEdges = execution.boundBy === undefined ? 1 : 2;
  if (execution.isKeptForEdges) {
    execution.isKeptForEdges = undefined;
    unpinReopened(t, execution);
  }
  t.touchExecution(execution);
  t.steps.add(execution, 'edges', execution.leaseToken);
}

/** Releases or reattaches the next edges of an execution. @returns whether none is left */
export function moveEdges(t: Tables, execution: ExecutionRecord): boolean {
  if (execution.edgesToReattach !== undefined) return reattachSome(t, execution);
  if (execution.edgesReleased === undefined) return true;
  if (!releaseSome(t, execution)) return false;
  retireReleased(t, execution);
  return true;
}

/** An open edge of a live execution holds; the last one makes it ready. */
export function closeEdge(t: Tables, execution: ExecutionRecord): void {
  execution.openEdges = Math.max(0, execution.openEdges - 1);
  if (execution.openEdges > 0 || !t.isBlocked(execution)) return;
  t.leave(execution);
  enter(t, execution);
}

/** Whether an edge waits for its upstream. One that is still to be reattached does not yet. */
export function isUndecided(dependent: ExecutionRecord, edge: EdgeRecord): boolean {
  if (edge.state !== 'open' || hasEnded(dependent.status)) return false;
  return dependent.edgesToReattach === undefined || edge.index > dependent.edgesToReattach;
}

/** Whether an execution has not ended, or has not told its dependents of its end. */
export function isUnderWay(upstream: ExecutionRecord): boolean {
  return !hasEnded(upstream.status) || (upstream.endsToPropagate !== undefined && upstream.endsToPropagate > 0);
}

/** An open edge with a timeout waits that long from now. */
function startTimeout(t: Tables, edge: EdgeRecord): void {
  if (edge.timeout === undefined) return;
  t.edges.startTimeout(edge, t.now + edge.timeout);
  t.emitDue(t.now + edge.timeout);
}

/** Whether the newest execution is one whose outcome this edge may use. */
function counts(
  t: Tables,
  edge: EdgeRecord,
  dependent: ExecutionRecord,
  newest: ExecutionRecord,
  request: string | undefined,
): boolean {
  if (!hasEnded(newest.status)) return true;
  if (edge.maxAge !== undefined && newest.completedAt < t.now - edge.maxAge) return false;
  if (edge.reuse) return true;
  const user = t.edges.userOf(newest, dependent);
  return user === undefined || user === request;
}

/** Whether its outcome may be used by an edge that has waited for it, and is still to be attached. */
function mayBeUsed(t: Tables, edge: EdgeRecord, dependent: ExecutionRecord, newest: ExecutionRecord): boolean {
  if (!hasEnded(newest.status) || newest.arrivalSteps === undefined || edge.reuse === true) return false;
  return t.edges.userOf(newest, dependent) === undefined;
}

/** The edge, which waits for the next execution, is attached to the newest once all of those before it are, if it then counts. */
function attachLater(
  t: Tables,
  edge: EdgeRecord,
  dependent: ExecutionRecord,
  newest: ExecutionRecord,
  request: string | undefined,
): void {
  newest.arrivalSteps = (newest.arrivalSteps ?? 0) + 1;
  t.touchExecution(newest);
  t.steps.add(newest, 'late', edge.index, { dependentId: dependent.id, request });
}

/** With the last one, nothing is to be attached to the execution any more. */
function endArrivalStep(t: Tables, execution: ExecutionRecord): void {
  // A release before this one does not count the steps.
  if (execution.arrivalSteps === undefined) return;
  const left = execution.arrivalSteps - 1;
  execution.arrivalSteps = left > 0 ? left : undefined;
  t.touchExecution(execution);
  if (left > 0) return;
  execution.arrivalNumber = undefined;
  unpin(t, execution);
}

function attach(
  t: Tables,
  edge: EdgeRecord,
  dependent: ExecutionRecord,
  upstreamId: string,
  request: string | undefined,
): void {
  const upstream = t.execution(upstreamId);
  t.edges.link(edge, upstreamId, upstream);
  if (upstream === undefined) return;
  // What has ended, and has released its edges, needs it no more.
  if (!hasEnded(dependent.status) || dependent.edgesReleased !== undefined) hold(t, dependent, upstream);
  t.edges.use(upstream, dependent, request);
}

/** One more live dependent needs that upstream. A workflow is kept as a whole: within it, none is counted. */
function hold(t: Tables, dependent: ExecutionRecord, upstream: ExecutionRecord): void {
  if (isInternal(t, dependent, upstream)) return;
  if (!dependent.hasExternalEdges) {
    dependent.hasExternalEdges = true;
    t.touchExecution(dependent);
  }
  pin(t, upstream);
  t.edges.addLive(upstream, 1);
}

function isInternal(t: Tables, dependent: ExecutionRecord, upstream: ExecutionRecord): boolean {
  if (dependent.workflowId === undefined || dependent.workflowId !== upstream.workflowId) return false;
  return t.workflows.of(dependent) !== undefined;
}

function releaseSome(t: Tables, execution: ExecutionRecord): boolean {
  t.touchExecution(execution);
  const budget = t.edgeBudget;
  const count = execution.edgeCount!;
  let released = execution.edgesReleased!;
  // A few are released at once, unless they are large.
  while (released < count && budget.bytes > 0 && (released === 0 || budget.toMove > 0)) {
    const some = t.edges.some(execution, released + 1, Math.min(count, released + READ_AT_ONCE));
    for (const edge of some) releaseEdge(t, execution, edge);
    released = Math.min(count, released + READ_AT_ONCE);
    budget.toMove -= READ_AT_ONCE;
  }
  execution.edgesReleased = released < count ? released : undefined;
  return released === count;
}

function releaseEdge(t: Tables, execution: ExecutionRecord, edge: EdgeRecord): void {
  t.edges.endTimeout(edge);
  if (edge.state === 'open') t.edges.setState(edge, 'dropped');
  if (edge.upstreamId === undefined) {
    t.edges.stopWaiting(edge);
    return;
  }
  const upstream = t.edges.upstream(edge);
  if (upstream === undefined || isInternal(t, execution, upstream)) return;
  t.edges.addLive(upstream, -1);
  unpin(t, upstream);
}

/** From the last edge to the first, so that those that are released stay the first ones. */
function reattachSome(t: Tables, execution: ExecutionRecord): boolean {
  const budget = t.edgeBudget;
  t.touchExecution(execution);
  while (execution.edgesToReattach! > 0 && budget.toMove > 0 && budget.bytes > 0) {
    const last = execution.edgesToReattach!;
    const some = t.edges.some(execution, Math.max(1, last - READ_AT_ONCE + 1), last);
    for (let i = some.length - 1; i >= 0; i--) reattachEdge(t, execution, some[i]!);
    execution.edgesToReattach = Math.max(0, last - READ_AT_ONCE);
    budget.toMove -= READ_AT_ONCE;
  }
  if (execution.edgesToReattach! > 0) return false;
  execution.edgesToReattach = undefined;
  execution.edgesReleased = undefined;
  closeEdge(t, execution);
  return true;
}

/** What can no longer hold is waived; what is still, or again, under way is waited for. */
function reattachEdge(t: Tables, execution: ExecutionRecord, edge: EdgeRecord): void {
  const upstream = t.edges.upstream(edge);
  if (edge.index <= execution.edgesReleased!) {
    execution.edgesReleased = edge.index - 1;
    if (upstream !== undefined) hold(t, execution, upstream);
  }
  const isWaived = edge.upstreamId !== undefined && (upstream === undefined || !isUnderWay(upstream));
  if (isWaived || edge.state === 'held' || edge.state === 'timedOut') {
    t.edges.setState(edge, 'held');
    return;
  }
  t.edges.setState(edge, 'open');
  execution.openEdges++;
  startTimeout(t, edge);
  if (edge.upstreamId === undefined) t.edges.awaitNext(edge);
}
