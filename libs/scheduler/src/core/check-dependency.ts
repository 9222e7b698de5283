import type { Refuse } from './check-shape.js';
import { DEPENDENCY_TYPES, type DependencyType, type ResolvedDependency } from './dependency.js';
import { parseDuration } from './duration.js';

/** What a dependency says beside whom it names; a user's input, so nothing is known of the values. */
export interface EdgeOptions {
  type?: unknown;
  dependencyType?: unknown;
  timeout?: unknown;
  maxAge?: unknown;
  reuse?: unknown;
}

/** A dependency with its defaults filled in, without whom it names. */
export type ResolvedEdge = Omit<ResolvedDependency, 'taskId'>;

/**
 * Written by hand and not as a class-validator shape, since a workflow has one of these per edge.
 * @param path where the dependency stands, such as 'dependencies[0]'
 * @throws what `refuse` makes for an unknown type, a `type` and `dependencyType` that differ, a `reuse` that is no boolean
 * @throws InvalidDurationError for a timeout (at least 1 ms) or maxAge (0: only outcomes still to come) out of range
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
