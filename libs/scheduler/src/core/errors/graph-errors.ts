import { SchedulerError } from './base.js';

export class CircularDependencyError extends SchedulerError {
  constructor(
    /** The tasks of the cycle in order, the first repeated at the end. */
    readonly path: readonly string[],
    code = 'CIRCULAR_DEPENDENCY',
    message = `circular dependency: ${shown(path).join(' -> ')}`,
  ) {
    super(code, message, { path });
  }
}

/** Number of tasks of a long cycle that its message shows from its start, in addition to the last. */
const SHOWN = 12;

function shown(path: readonly string[]): readonly string[] {
  if (path.length <= SHOWN + 2) return path;
  return [...path.slice(0, SHOWN), `… (${path.length - SHOWN - 1} more)`, path.at(-1)!];
}

export class SelfDependencyError extends CircularDependencyError {
  constructor(readonly taskId: string) {
    super([taskId, taskId], 'SELF_DEPENDENCY', `'${taskId}' depends on itself; remove that dependency`);
  }
}

export class UnknownDependencyError extends SchedulerError {
  constructor(
    readonly dependent: string,
    readonly dependency: string,
    hint = 'no task or node has that name',
  ) {
    super('UNKNOWN_DEPENDENCY', `'${dependent}' depends on '${dependency}': ${hint}`, { dependent, dependency });
  }
}

/** Why an execution cannot satisfy a dependency on another task. */
export function isOfOtherTask(found: string, expected: string): string {
  return `it is an execution of '${found}', not of '${expected}'`;
}

export class DuplicateDependencyError extends SchedulerError {
  constructor(
    readonly dependent: string,
    readonly dependency: string,
  ) {
    super(
      'DUPLICATE_DEPENDENCY',
      `'${dependent}' lists its dependency '${dependency}' twice; a pair has only one edge`,
      {
        dependent,
        dependency,
      },
    );
  }
}

export class DuplicateNodeError extends SchedulerError {
  constructor(readonly ref: string) {
    super('DUPLICATE_NODE', `workflow node '${ref}' is defined twice; give each node of a task its own ref`, { ref });
  }
}

export class WorkflowTooLargeError extends SchedulerError {
  constructor(found: number, allowed: number, what: string) {
    super('WORKFLOW_TOO_LARGE', `a workflow of ${found} ${what} is too large; allowed: 1 to ${allowed}`, {
      found,
      allowed,
      what,
    });
  }
}
