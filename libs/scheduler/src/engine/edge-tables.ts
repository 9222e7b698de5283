import type { TaskStatus } from '../core/status.js';
import type { EdgeRecord, EdgeState, LateEdge, NewEdge, PropagationStep, StepKind } from './edge-records.js';
import type { ExecutionRecord, Stored } from './records.js';

/** The newest executions of tasks. */
export interface Newest {
  /** @returns the newest execution of a task that others depend on */
  newest(taskId: string): ExecutionRecord | undefined;
  /** Whether the newest execution of its task is remembered. */
  isWatched(execution: ExecutionRecord): boolean;
  /** Whether it is the one that is remembered. */
  isNewest(execution: ExecutionRecord): boolean;
  /** The execution is the newest of its task. @returns the one that was */
  replaceNewest(execution: ExecutionRecord): ExecutionRecord | undefined;
}

/** Steps that are still to be run, first in first out. */
export interface StepTable {
  add(execution: ExecutionRecord, kind: StepKind, next: number, late?: LateEdge): void;
  /** Runs them in their order while there are edges to decide, and until one is not done. @param run returns whether it is */
  run(run: (step: PropagationStep) => boolean): void;
}

/** Edges by their dependents, by their upstreams, by their timeouts, and by the tasks for whose next execution they wait. */
export interface EdgeTable {
  /** Makes the next edge of an execution. */
  create(execution: ExecutionRecord, command: NewEdge, state: EdgeState): EdgeRecord;
  /** The edge by which a tick waits for the end of an earlier one, however that ends. */
  toPrevious(tick: ExecutionRecord): NewEdge;
  /** Reads at once what new edges lead to. */
  prefetch(commands: readonly NewEdge[]): void;
  /** Edges of an execution, by their places. */
  some(execution: ExecutionRecord, first: number, last: number): readonly EdgeRecord[];
  dependent(edge: EdgeRecord): ExecutionRecord | undefined;
  /** Its upstream, where that is still known. */
  upstream(edge: EdgeRecord): ExecutionRecord | undefined;
  /** The status of its upstream, as far as known where history has dropped that. */
  statusOf(edge: EdgeRecord): TaskStatus | undefined;
  /** Keeps the status with the edge. */
  keepStatus(edge: EdgeRecord, upstream: ExecutionRecord): void;
  setState(edge: EdgeRecord, state: EdgeState): void;
  /** What the upstream has left for its dependent is read anew: it runs again. */
  forgetResult(edge: EdgeRecord): void;

  /** Adds the edge to those that lead to an upstream. */
  link(edge: EdgeRecord, upstreamId: string, upstream: ExecutionRecord | undefined): void;
  /** Counts its live dependents. */
  addLive(upstream: ExecutionRecord, by: number): void;
  /** Keeps which request has used an outcome for executions of a task; the first one counts. */
  use(upstream: ExecutionRecord, dependent: ExecutionRecord, request: string | undefined): void;
  userOf(upstream: ExecutionRecord, dependent: ExecutionRecord): Stored;
  /** Calls `visit` with edges to an upstream, in order, behind the first `from`, until it returns false. @returns how many it has done */
  eachDependent(upstream: ExecutionRecord, from: number, most: number, visit: (edge: EdgeRecord) => boolean): number;
  /** Calls `visit` with those of the next edges of an execution that do not hold. @returns how many edges it has passed */
  eachNotHeld(execution: ExecutionRecord, first: number, visit: (edge: EdgeRecord) => void): number;

  /** The edge waits for the next execution of its task; one that waits already keeps its place. */
  awaitNext(edge: EdgeRecord): void;
  stopWaiting(edge: EdgeRecord): void;
  /** Whether any waits for an execution of its task. */
  isAwaited(execution: ExecutionRecord): boolean;
  /** Takes the first of those that have waited for an execution of its task since before that number. */
  takeWaiting(execution: ExecutionRecord, before: number, most: number): readonly EdgeRecord[];

  startTimeout(edge: EdgeRecord, at: number): void;
  endTimeout(edge: EdgeRecord): void;
  /** Calls `visit` with each edge whose timeout has passed. @returns how many */
  eachDue(limit: number, visit: (edge: EdgeRecord) => void): number;
}
