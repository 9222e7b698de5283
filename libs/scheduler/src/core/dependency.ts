import type { Duration } from './duration.js';

/**
 * When an edge is satisfied: `success` by COMPLETED, `failure` by FAILED, `completion` by either, `always` by any end.
 */
export const DEPENDENCY_TYPES = ['completion', 'success', 'failure', 'always'] as const;
export type DependencyType = (typeof DEPENDENCY_TYPES)[number];

/** An edge of a task definition: this task waits for another. */
export interface TaskDependency {
  /** The task to wait for. */
  taskId: string;
  /** Which ends of the upstream satisfy the edge. Default 'completion'. */
  type?: DependencyType;
  /** Alias of `type`. */
  dependencyType?: DependencyType;
  /** Limit of the wait; then the dependent is SKIPPED with reason DEPENDENCY_TIMEOUT. Default: unlimited. */
  timeout?: Duration;
  /** An older outcome does not count; the edge then waits for the next execution. Default: any age counts. */
  maxAge?: Duration;
  /** Whether an outcome counts again that an earlier execution of the same dependent has used. Default false. */
  reuse?: boolean;
}

/** A dependency with its defaults filled in, durations in ms. */
export interface ResolvedDependency {
  taskId: string;
  type: DependencyType;
  timeout: number | null;
  maxAge: number | null;
  reuse: boolean;
}
