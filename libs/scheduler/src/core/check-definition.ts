import { checkEdge } from './check-dependency.js';
import { checkRetryConfig } from './check-retry.js';
import { checkShape, type Refuse } from './check-shape.js';
import type { ResolvedDependency } from './dependency.js';
import { parseDuration } from './duration.js';
import { DuplicateDependencyError, InvalidTaskDefinitionError, SelfDependencyError } from './errors.js';
import { parseJson, serializePayload } from './json.js';
import { DEFAULT_SNOOZES, MAX_SNOOZES } from './limits.js';
import { isLockKeyTemplate, LOCK_KEY_ALLOWED } from './lock-key.js';
import { checkName, isKey, isTagList, TAGS_ALLOWED } from './names.js';
import { parsePriority, TaskPriority, withPriorityName } from './priority.js';
import type { LockKey, ResolvedTask } from './task-definition.js';
import { Allow, Holds, isWhole, Optional } from './validators.js';

const DEFAULT_LOCK_TIMEOUT = 5 * 60_000;
const DAY = 24 * 3_600_000;
const FUNC_PATH = /^[A-Za-z0-9_.:/-]{1,256}$/;
const FUNC_PATH_ALLOWED = '1 to 256 of A-Z a-z 0-9 _ . : / -, the text of a @ScheduledTask';

const isBoolean = (value: unknown): boolean => typeof value === 'boolean';

const refuse: Refuse = (field, found, allowed) => new InvalidTaskDefinitionError(field, found, allowed);

/** Fields with @Allow have a parser below, which throws its own error. */
class DefinitionShape {
  @Allow() taskId?: unknown;

  @Optional()
  @Holds(isKey, '1 to 256 printable characters')
  taskName?: string;

  @Holds((path) => typeof path === 'string' && FUNC_PATH.test(path), FUNC_PATH_ALLOWED)
  funcPath!: string;

  @Allow() priority?: unknown;
  @Allow() payload?: unknown;
  @Allow() retryConfig?: unknown;

  @Optional()
  @Holds((count) => isWhole(count, 0, MAX_SNOOZES), `a whole number from 0 to ${MAX_SNOOZES}`)
  maxSnoozes?: number;

  @Optional()
  @Holds(Array.isArray, 'an array of { taskId, type?, timeout?, maxAge?, reuse? }')
  dependencies?: unknown[];

  @Optional()
  @Holds(isBoolean, 'true or false')
  requireLock?: boolean;

  @Optional()
  @Holds((key) => typeof key === 'function' || (typeof key === 'string' && isLockKeyTemplate(key)), LOCK_KEY_ALLOWED)
  lockKey?: LockKey;

  @Allow() lockTimeout?: unknown;
  @Allow() lockMaxWait?: unknown;
  @Allow() timeout?: unknown;
  @Allow() ttl?: unknown;
  @Allow() queue?: unknown;

  @Optional()
  @Holds(isTagList, TAGS_ALLOWED)
  tags?: string[];

  @Optional()
  @Holds(isBoolean, 'true or false')
  remote?: boolean;
}

class DependencyShape {
  @Allow() taskId?: unknown;
  @Allow() type?: unknown;
  @Allow() dependencyType?: unknown;
  @Allow() timeout?: unknown;
  @Allow() maxAge?: unknown;
  @Allow() reuse?: unknown;
}

/**
 * Checks a TaskDefinition and fills in its defaults (documented at its fields). The payload is copied: later changes of
 * the object have no effect. Dependencies may be registered later, so their existence is not checked. Ranges:
 * lockTimeout and timeout 1 ms to 24 h, lockMaxWait 0 and ttl 1 ms to ten years.
 * @param warn called once for each field whose bare number under 1000 was taken as milliseconds
 * @throws InvalidTaskDefinitionError for unknown fields and wrong types, including a lockKey without requireLock
 * @throws InvalidNameError, InvalidPriorityError, InvalidDurationError, DurationUnitError, InvalidRetryConfigError
 * @throws SelfDependencyError, DuplicateDependencyError
 * @throws NotSerializableError, PayloadTooDeepError, PayloadTooLargeError, ForbiddenKeyError for its payload
 */
export function checkTaskDefinition(definition: unknown, warn?: (message: string) => void): ResolvedTask {
  const shape = checkShape(DefinitionShape, definition, '', refuse);
  const taskId = checkName(shape.taskId, 'taskId');
  const { requireLock = false, lockKey } = shape;
  if (lockKey !== undefined && !requireLock) {
    throw refuse('lockKey', lockKey, 'only with requireLock: true; without it the key has no effect');
  }
  return withPriorityName({
    taskId,
    taskName: shape.taskName ?? taskId,
    funcPath: shape.funcPath,
    priority: shape.priority === undefined ? TaskPriority.NORMAL : parsePriority(shape.priority),
    payload: parseJson(serializePayload(shape.payload)),
    retry: shape.retryConfig === undefined ? null : checkRetryConfig(shape.retryConfig, warn),
    maxSnoozes: shape.maxSnoozes ?? DEFAULT_SNOOZES,
    dependencies: checkDependencies(taskId, shape.dependencies ?? [], warn),
    requireLock,
    lockKey: lockKey ?? taskId,
    lockTimeout: lockTimeoutOf(shape.lockTimeout),
    lockMaxWait: shape.lockMaxWait === undefined ? null : parseDuration(shape.lockMaxWait, 'lockMaxWait', { warn }),
    timeout: shape.timeout === undefined ? null : parseDuration(shape.timeout, 'timeout', { min: 1, max: DAY, warn }),
    ...(shape.ttl !== undefined && { ttl: parseDuration(shape.ttl, 'ttl', { min: 1, warn }) }),
    queue: shape.queue === undefined ? 'default' : checkName(shape.queue, 'queue'),
    tags: [...new Set(shape.tags)],
    remote: shape.remote ?? false,
  });
}

function lockTimeoutOf(value: unknown): number {
  if (value === undefined) return DEFAULT_LOCK_TIMEOUT;
  return parseDuration(value, 'lockTimeout', { min: 1, max: DAY, bareSeconds: 'refuse' });
}

function checkDependencies(
  dependent: string,
  given: readonly unknown[],
  warn?: (message: string) => void,
): ResolvedDependency[] {
  const seen = new Set<string>();
  // Array.from visits holes, which map skips.
  return Array.from(given, (dependency, index) => {
    const path = `dependencies[${index}]`;
    const shape = checkShape(DependencyShape, dependency, path, refuse);
    const taskId = checkName(shape.taskId, `${path}.taskId`);
    if (taskId === dependent) throw new SelfDependencyError(taskId);
    if (seen.has(taskId)) throw new DuplicateDependencyError(dependent, taskId);
    seen.add(taskId);
    return { taskId, ...checkEdge(shape, path, refuse, warn) };
  });
}
