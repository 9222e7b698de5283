import type { NewEdge, NewExecution } from '../../libs/scheduler/src/core/commands.js';
import type { DependencyType } from '../../libs/scheduler/src/core/dependency.js';
import type { TaskPriority } from '../../libs/scheduler/src/core/priority.js';
import { isTerminal, type Reason, type TaskStatus } from '../../libs/scheduler/src/core/status.js';
import { DECLARED, LOCK_RESERVED } from './config.js';
import { edgeHolds } from '../support/edge-holds.js';

export interface RefEdge {
  dependent: RefExecution;
  ref: string;
  taskId: string;
  type: DependencyType;
  /** null: the next execution of the task, which does not exist yet. */
  upstream: string | null;
  state: 'open' | 'held' | 'broken' | 'timedOut';
  /** The call to the store in which it was decided; the store resolves it at the end of that call, or later. */
  decidedIn: number;
  timeout: number | null;
  deadline: number | null;
}

/** The position of an execution in its queue and level; only what the rules decide can be compared. */
export interface ReadyKey {
  /** Number of the command that made it ready; negative: put at the head. */
  batch: number;
  /** Within one command, only those of one cause have a known order. */
  cause: string;
  sub: number;
}

export interface RefExecution {
  id: string;
  order: number;
  taskId: string;
  queue: string;
  priority: TaskPriority;
  status: TaskStatus;
  createdAt: number;
  dueAt: number;
  completedAt: number;
  edges: RefEdge[];
  lock: { key: string; timeout: number; maxWait: number | null } | null;
  /** Id of the root cause of a SKIPPED one, as the store has reported it. */
  rootCause: string | null;
  reason: Reason | null;
  /** The token of its run. */
  leaseToken: number;
  fencingToken: number | null;
  workerId: string | null;
  run: number;
  failures: number;
  snoozes: number;
  crashes: number;
  /** Counts claims, so that runs given back together keep the order in which they were claimed. */
  claimNo: number;
  cancelDeadline: number | null;
  /** Its position in the queue; null: not in it. */
  ready: ReadyKey | null;
  /** The condition that makes it ready. */
  cause: ReadyKey;
  /** Its position among the waiters of its lock while it is parked: the step in which it first parked. */
  parkedSince: number | null;
  /** It waits for its lock and is ready: since when, its position, and whether the lock may have been reserved for it. */
  called: { at: number; parkedSince: number; isReserved: boolean } | null;
  workflowId: string | null;
  /** History has dropped it. */
  gone: boolean;
}

/** What the rules require of every execution: written from the port alone, independent of any store. */
export class Reference {
  readonly executions = new Map<string, RefExecution>();
  readonly pausedQueues = new Set<string>();
  /** Queues that a live worker serves. */
  served: ReadonlySet<string> = new Set();
  /** The number of the command being played. */
  step = 0;
  /** The number of the call to the store. */
  callNo = 0;
  claims = 0;
  private readonly orders = new Map<string, number>();
  private readonly newest = new Map<string, RefExecution>();
  /** For each dependent task: the upstream executions to which any execution of it was bound. */
  private readonly used = new Map<string, Map<string, number>>();
  /** The request that each execution came with: its executions may share an outcome. */
  private readonly requests = new Map<string, number>();
  private requestNo = 0;

  get(id: string): RefExecution {
    const found = this.executions.get(id);
    if (!found) throw new Error(`the reference knows no execution ${id}`);
    return found;
  }

  choose(pick: number): RefExecution | undefined {
    const all = [...this.executions.values()];
    return all.length === 0 ? undefined : all[pick % all.length];
  }

  /** The order of enqueueing is that of submission. */
  expect(submitted: readonly NewExecution[]): void {
    this.requestNo++;
    for (const { executionId } of submitted) {
      if (this.orders.has(executionId)) continue;
      this.orders.set(executionId, this.orders.size);
      this.requests.set(executionId, this.requestNo);
    }
  }

  add(command: NewExecution, now: number): RefExecution {
    const order = this.orders.get(command.executionId)!;
    const dueAt = command.scheduledTime ?? now + (command.delay ?? 0);
    const execution: RefExecution = {
      id: command.executionId,
      order,
      taskId: command.taskId,
      queue: command.queue,
      priority: command.priority,
      status: 'PENDING',
      createdAt: now,
      dueAt,
      completedAt: 0,
      edges: [],
      lock: command.lock,
      rootCause: null,
      reason: null,
      leaseToken: 0,
      fencingToken: null,
      workerId: null,
      run: 0,
      failures: 0,
      snoozes: 0,
      crashes: 0,
      claimNo: 0,
      cancelDeadline: null,
      ready: null,
      cause: { batch: this.step, cause: 'enqueued', sub: order },
      parkedSince: null,
      called: null,
      workflowId: command.workflow?.workflowId ?? null,
      gone: false,
    };
    this.executions.set(execution.id, execution);
    for (const edge of command.edges ?? []) execution.edges.push(this.bind(execution, edge, now));
    if (execution.edges.length > 0) execution.cause = this.unordered(execution);
    else if (dueAt > now) execution.cause = this.timed(execution);
    this.newest.set(execution.taskId, execution);
    for (const edge of this.openEdges()) {
      if (edge.upstream === null && edge.taskId === execution.taskId) this.attach(edge, execution.id, 0);
    }
    return execution;
  }

  /** An execution has ended: the edges on it are decided. */
  end(execution: RefExecution, status: TaskStatus, now: number): void {
    execution.status = status;
    execution.completedAt = now;
    execution.workerId = null;
    this.leaveQueue(execution);
    for (const edge of this.openEdges()) if (edge.upstream === execution.id) this.decide(edge, status);
  }

  /** The edge whose timeout passed first can no longer hold. @returns whether there is one */
  timeOut(execution: RefExecution, now: number): boolean {
    const [first] = execution.edges
      .filter(({ state, decidedIn }) => state === 'open' || decidedIn === this.callNo)
      .filter(({ deadline }) => deadline !== null && deadline <= now)
      .sort((a, b) => a.deadline! - b.deadline!);
    if (first) first.state = 'timedOut';
    return first !== undefined;
  }

  /** It runs again: broken edges are dropped, edges to active upstreams wait again. */
  reopen(execution: RefExecution, now: number): void {
    execution.status = 'PENDING';
    execution.failures = execution.snoozes = execution.crashes = 0;
    execution.cancelDeadline = execution.rootCause = execution.reason = null;
    execution.dueAt = now;
    for (const edge of execution.edges) {
      if (edge.state === 'held') continue;
      const up = edge.upstream === null ? undefined : this.get(edge.upstream);
      const under = up === undefined || !isTerminal(up.status);
      edge.state = under && edge.state !== 'timedOut' ? 'open' : 'held';
      edge.deadline = edge.state === 'open' && edge.timeout !== null ? now + edge.timeout : null;
    }
    execution.cause = this.unordered(execution);
  }

  /** All executions that were SKIPPED because of this one, down the graph, and that no other edge keeps SKIPPED. */
  skippedBecauseOf(root: RefExecution): Set<string> {
    const back = new Set([root.id]);
    const isBack = (edge: RefEdge): boolean => edge.upstream !== null && back.has(edge.upstream);
    for (let grown = true; grown;) {
      grown = false;
      for (const { id, status, reason, edges, gone } of this.executions.values()) {
        if (gone || back.has(id) || status !== 'SKIPPED' || reason !== 'DEPENDENCY_FAILED') continue;
        if (!edges.some((edge) => edge.state !== 'held' && isBack(edge))) continue;
        if (!edges.every((edge) => isBack(edge) || this.mayHold(edge))) continue;
        back.add(id);
        grown = true;
      }
    }
    back.delete(root.id);
    return back;
  }

  /** Ended executions that history may not drop: active dependents or later ones need it, or another of its workflow. */
  needed(): Set<string> {
    const needed = new Set(Object.values(DECLARED).map((taskId) => this.newest.get(taskId)?.id ?? ''));
    for (const e of this.executions.values()) {
      if (isTerminal(e.status)) continue;
      needed.add(e.id);
      for (const { upstream } of e.edges) if (upstream) needed.add(upstream);
    }
    const workflows = new Set([...this.executions.values()].filter((e) => needed.has(e.id)).map((e) => e.workflowId));
    for (const e of this.executions.values())
      if (e.workflowId !== null && workflows.has(e.workflowId)) needed.add(e.id);
    return needed;
  }

  /** The outcome under which history keeps it: its own, or that of its workflow. */
  outcome(e: RefExecution): TaskStatus {
    if (e.workflowId === null) return e.status;
    const members = [...this.executions.values()].filter((other) => other.workflowId === e.workflowId);
    return workflowStatus(members.map((member) => member.status));
  }

  /** Whether the rules of time and dependencies permit a claim. */
  isDue(execution: RefExecution, now: number): boolean {
    const waits = execution.status === 'PENDING' || execution.status === 'RETRYING';
    return waits && execution.dueAt <= now && execution.edges.every((edge) => edge.state === 'held');
  }

  leaveQueue(execution: RefExecution): void {
    execution.ready = null;
    execution.parkedSince = null;
    execution.called = null;
  }

  /** Whether the same condition blocks both: then only one of them is ready for their lock. */
  isSameLine(a: RefExecution, b: RefExecution): boolean {
    return a.queue === b.queue && a.taskId === b.taskId && a.priority === b.priority;
  }

  /** Whether a worker could start it, by the rules of queues and leases. */
  couldStart(e: RefExecution): boolean {
    return !this.pausedQueues.has(e.queue) && this.served.has(e.queue);
  }

  /** Whether its lock must be reserved for it: it could start when it was called, a moment ago, and none has taken the lock. */
  isReservedFor(e: RefExecution, now: number): boolean {
    return e.called !== null && e.called.isReserved && now < e.called.at + LOCK_RESERVED && this.couldStart(e);
  }

  /** One that cannot start any more may have lost its reservation to another request for the lock. */
  endReservations(): void {
    for (const e of this.executions.values()) if (e.called && !this.couldStart(e)) e.called.isReserved = false;
  }

  /** Those that wait for the lock and are ready. */
  calledFor(key: string): RefExecution[] {
    return [...this.executions.values()].filter((e) => e.lock?.key === key && e.called !== null);
  }

  timed(execution: RefExecution): ReadyKey {
    return { batch: 0, cause: 'time', sub: execution.dueAt * 1e5 + execution.order };
  }

  unordered(execution: RefExecution): ReadyKey {
    return { batch: 0, cause: execution.id, sub: 0 };
  }

  *openEdges(): Generator<RefEdge> {
    for (const dependent of this.executions.values()) {
      if (isTerminal(dependent.status)) continue;
      for (const edge of dependent.edges) {
        if (edge.state === 'open') yield edge;
      }
    }
  }

  private mayHold(edge: RefEdge): boolean {
    if (edge.state === 'held' || edge.state === 'timedOut') return edge.state === 'held';
    const up = edge.upstream === null ? undefined : this.get(edge.upstream);
    return up === undefined || !isTerminal(up.status) || edgeHolds(edge.type, up.status);
  }

  private bind(dependent: RefExecution, command: NewEdge, now: number): RefEdge {
    const { ref, taskId, type, timeout } = command;
    const deadline = timeout === null ? null : now + timeout;
    const request = this.requests.get(dependent.id) ?? 0;
    const edge: RefEdge = {
      dependent,
      ref,
      taskId,
      type,
      upstream: null,
      state: 'open',
      decidedIn: 0,
      timeout,
      deadline,
    };
    if (command.bind !== 'newest') {
      this.attach(edge, command.bind.executionId, request);
      return edge;
    }
    const newest = this.newest.get(taskId);
    if (newest && this.counts(dependent, command, newest, now)) this.attach(edge, newest.id, request);
    return edge;
  }

  private counts(dependent: RefExecution, edge: NewEdge, newest: RefExecution, now: number): boolean {
    if (!isTerminal(newest.status)) return true;
    if (edge.maxAge !== null && now - newest.completedAt > edge.maxAge) return false;
    const user = this.used.get(dependent.taskId)?.get(newest.id);
    return edge.reuse || user === undefined || user === this.requests.get(dependent.id);
  }

  /** @param request 0: the edge had waited for the execution, whichever request that comes with */
  private attach(edge: RefEdge, upstream: string, request: number): void {
    edge.upstream = upstream;
    const { taskId } = edge.dependent;
    const used = this.used.get(taskId) ?? new Map<string, number>();
    if (!used.has(upstream)) used.set(upstream, request);
    this.used.set(taskId, used);
    const status = this.executions.get(upstream)?.status ?? 'PENDING';
    if (isTerminal(status)) this.decide(edge, status);
  }

  /** The first edge that breaks ends its dependent; those after it stay undecided. */
  private decide(edge: RefEdge, outcome: TaskStatus): void {
    if (edge.dependent.edges.some((other) => other.state === 'broken')) return;
    edge.decidedIn = this.callNo;
    edge.state = edgeHolds(edge.type, outcome) ? 'held' : 'broken';
  }
}

/** Negative: `a` must start before `b`. 0: the rules leave it open. */
export function compareReady(a: RefExecution, b: RefExecution): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (a.queue !== b.queue || !a.ready || !b.ready) return 0;
  if (a.ready.batch !== b.ready.batch) return a.ready.batch - b.ready.batch;
  return a.ready.cause === b.ready.cause ? a.ready.sub - b.ready.sub : 0;
}

/** The status of a workflow, from those of its executions. */
export function workflowStatus(statuses: readonly TaskStatus[]): TaskStatus {
  if (!statuses.every(isTerminal)) return 'RUNNING';
  return (['FAILED', 'CANCELLED'] as const).find((end) => statuses.includes(end)) ?? 'COMPLETED';
}
