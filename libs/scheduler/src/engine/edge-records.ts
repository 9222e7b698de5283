import type { DependencyType } from '../core/dependency.js';

/** `open` waits; `held`, `broken` and `timedOut` are decided; `dropped`: its dependent ended before it was. */
export type EdgeState = 'open' | 'held' | 'broken' | 'timedOut' | 'dropped';

/** An edge of one execution, its dependent, to its upstream. */
export interface EdgeRecord {
  /** Its place among the edges of its dependent, from 1. */
  readonly index: number;
  readonly type: DependencyType;
  readonly state: EdgeState;
  /** Absent: it waits for the next execution of its task. */
  readonly upstreamId?: string;
  /** ms; an older outcome does not count. */
  readonly maxAge?: number;
  /** Whether an outcome counts that another execution of the same dependent task has used. */
  readonly reuse?: boolean;
  /** ms that it may wait; absent: for ever. */
  readonly timeout?: number;
}

/** An edge to be made. */
export interface NewEdge {
  readonly taskId: string;
  /** The upstream; absent: the newest of the task that counts, or its next one. */
  readonly to?: string;
  readonly ref: string;
  readonly type: DependencyType;
  readonly maxAge?: number;
  readonly reuse: boolean;
  readonly timeout?: number;
}

/** What is still to be done for an end, a reopening or an arrival. */
export interface PropagationStep {
  readonly executionId: string;
  /**
   * `ended`, `reopened`: its dependents are visited; `edges`: its own edges are moved; `arrived`: waiting edges are attached;
   * `late`: one that came meanwhile is, unless another has used its outcome.
   */
  readonly kind: StepKind;
  /**
   * Dependents that are told; of an arrival: the number before which edges have waited; of `edges`: the lease token of the
   * execution; of `late`: the place of the edge.
   */
  next: number;
  /** Edges of the next dependent that are examined. */
  examined?: number;
  readonly late?: LateEdge;
}

export type StepKind = 'ended' | 'reopened' | 'edges' | 'arrived' | 'late';

/** Whose edge came while others were still to be attached, and the request that it came with. */
export interface LateEdge {
  readonly dependentId: string;
  readonly request?: string;
}

/** What one call of a verb may still do about edges. */
export interface EdgeBudget {
  /** Edges of dependents to decide. */
  toDecide: number;
  /** Edges to release, reattach, attach or examine. */
  toMove: number;
  /** Bytes of records to read for that. */
  bytes: number;
}
