import type { Duration } from './duration.js';
import type { TaskStatus } from './status.js';

/** When an edge holds: `success` COMPLETED, `failure` FAILED, `completion` either of the two, `always` any end. */
export const DEPENDENCY_TYPES = ['completion', 'success', 'failure', 'always'] as const;
export type DependencyType = (typeof DEPENDENCY_TYPES)[number];

/** An edge of a task definition: this task waits for another one. */
export interface TaskDependency {
  /** The task to wait for. */
  taskId: string;
  /** When the edge holds. Default 'completion'. */
  type?: DependencyType;
  /** The seed's name of `type`. */
  dependencyType?: DependencyType;
  /** How long to wait for it; then the dependent is SKIPPED with reason DEPENDENCY_TIMEOUT. Default: for ever. */
  timeout?: Duration;
  /** An outcome older than this does not count; the next execution is waited for. Default: any age counts. */
  maxAge?: Duration;
  /** Whether an outcome that an earlier execution of the same dependent has used counts again. Default false. */
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

/** Whether an edge holds at this end of its upstream execution. */
export function edgeHolds(type: DependencyType, outcome: TaskStatus): boolean {
  switch (type) {
    case 'success':
      return outcome === 'COMPLETED';
    case 'failure':
      return outcome === 'FAILED';
    case 'completion':
      return outcome === 'COMPLETED' || outcome === 'FAILED';
    case 'always':
      return true;
  }
}
