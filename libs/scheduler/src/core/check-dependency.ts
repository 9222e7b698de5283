import type { Refuse } from './check-shape.js';
import { DEPENDENCY_TYPES, type DependencyType, type ResolvedDependency } from './dependency.js';
import { parseDuration } from './duration.js';

/** The fields of a dependency other than its target. User input, so the types are unknown. */
export interface EdgeOptions {
  type?: unknown;
  dependencyType?: unknown;
  timeout?: unknown;
  maxAge?: unknown;
  reuse?: unknown;
}

/** A dependency with its defaults filled in, without its target. */
export type ResolvedEdge = Omit<ResolvedDependency, 'taskId'>;

/**
 * Hand-written instead of a class-validator shape, since a workflow has one for each edge.
 * @param path of the dependency, such as 'dependencies[0]'
 * @throws the error of `refuse` for an unknown type, a `type` and `dependencyType` that differ, a `reuse` that is not a
 * boolean
 * @throws InvalidDurationError for a timeout (at least 1 ms) or maxAge (0: only future outcomes) out of range
 */
export function checkEdge(
  given: EdgeOptions,
  path: string,
  refuse: Refuse,
  warn?: (message: string) => void,
): ResolvedEdge {
  const { type, dependencyType, timeout, maxAge, reuse = false } = given;
  if (typeof reuse !== 'boolean') throw refuse(`${path}.reuse`, reuse, 'true or false');
  const named = checkType(type, path, 'type', refuse);
  const alias = checkType(dependencyType, path, 'dependencyType', refuse);
  if (named && alias && named !== alias) {
    throw refuse(`${path}.dependencyType`, alias, `the same as type, which is '${named}'; one of the two is enough`);
  }
  return {
    type: named ?? alias ?? 'completion',
    timeout: timeout === undefined ? null : parseDuration(timeout, `${path}.timeout`, { min: 1, warn }),
    maxAge: maxAge === undefined ? null : parseDuration(maxAge, `${path}.maxAge`, { warn }),
    reuse,
  };
}

function checkType(value: unknown, path: string, key: string, refuse: Refuse): DependencyType | undefined {
  if (value === undefined || DEPENDENCY_TYPES.includes(value as DependencyType)) return value as DependencyType;
  throw refuse(`${path}.${key}`, value, DEPENDENCY_TYPES.join(', '));
}
