/** Base of every error of this library: a class, a stable `code`, and `details` fit for a log or a reply. */
export class SchedulerError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** A value as it may stand in a message: short, one line, safe for any type. */
export function show(value: unknown): string {
  let text: string;
  try {
    if (typeof value === 'string') text = JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
    else if (typeof value === 'bigint') text = `${value}n`;
    else if (typeof value === 'function') text = 'a function';
    else if (typeof value === 'object' && value !== null) text = Array.isArray(value) ? 'an array' : 'an object';
    else text = String(value);
  } catch {
    text = typeof value;
  }
  return text;
}

/** The input of one field is wrong: which, what was found, what is allowed. */
export class InvalidInputError extends SchedulerError {
  constructor(
    code: string,
    readonly field: string,
    readonly found: unknown,
    readonly allowed: string,
    message = `${field}: ${show(found)} is not allowed; allowed: ${allowed}`,
  ) {
    super(code, message, { field, found: show(found), allowed });
  }
}

// ---- definitions and names -------------------------------------------------------------------------------------

export class InvalidTaskDefinitionError extends InvalidInputError {
  constructor(field: string, found: unknown, allowed: string) {
    super('INVALID_TASK_DEFINITION', field, found, allowed);
  }
}

export class InvalidNameError extends InvalidInputError {
  constructor(field: string, found: unknown) {
    super('INVALID_NAME', field, found, '1 to 128 of A-Z a-z 0-9 . _ : -');
  }
}

export class InvalidOptionError extends InvalidInputError {
  constructor(field: string, found: unknown, allowed: string) {
    super('INVALID_OPTION', field, found, allowed);
  }
}

export class InvalidPriorityError extends InvalidInputError {
  constructor(field: string, found: unknown) {
    super('INVALID_PRIORITY', field, found, '0 to 4, or CRITICAL, HIGH, NORMAL, LOW, BACKGROUND (0 runs first)');
  }
}

export class InvalidDurationError extends InvalidInputError {
  constructor(field: string, found: unknown, allowed: string, code = 'INVALID_DURATION') {
    super(code, field, found, allowed);
  }
}

/** A bare number so small that seconds were probably meant. */
export class DurationUnitError extends InvalidDurationError {
  constructor(field: string, found: number) {
    super(
      field,
      found,
      `milliseconds: ${found} looks like seconds; write '${found}s' or '${found}ms'`,
      'DURATION_UNIT',
    );
  }
}

export class InvalidRetryConfigError extends InvalidInputError {
  constructor(field: string, found: unknown, allowed: string) {
    super('INVALID_RETRY_CONFIG', field, found, allowed);
  }
}

export class InvalidDateError extends InvalidInputError {
  constructor(field: string, found: unknown) {
    super('INVALID_DATE', field, found, 'a Date, ISO 8601 text or milliseconds since 1970, at most ten years ahead');
  }
}

export class TaskAlreadyRegisteredError extends SchedulerError {
  constructor(readonly taskId: string) {
    super(
      'TASK_ALREADY_REGISTERED',
      `taskId '${taskId}' is already registered; unregister it first, or choose another id`,
      { taskId },
    );
  }
}

export class TaskNotRegisteredError extends SchedulerError {
  constructor(readonly taskId: string) {
    super(
      'TASK_NOT_REGISTERED',
      `taskId ${show(taskId)} is not registered; register the task, or decorate its method, before scheduling it`,
      {
        taskId,
      },
    );
  }
}

export class TaskInUseError extends SchedulerError {
  constructor(
    readonly taskId: string,
    readonly dependents: readonly string[],
  ) {
    super(
      'TASK_IN_USE',
      `taskId '${taskId}' cannot be unregistered: ${dependents.map((d) => `'${d}'`).join(', ')} depend on it`,
      { taskId, dependents },
    );
  }
}

export class HandlerNotFoundError extends SchedulerError {
  constructor(
    readonly funcPath: string,
    readonly taskId?: string,
  ) {
    super(
      'HANDLER_NOT_FOUND',
      `no handler for funcPath '${funcPath}'${taskId ? ` of task '${taskId}'` : ''}: decorate a provider's method with @ScheduledTask('${funcPath}'), or set remote: true if another process runs it`,
      { funcPath, taskId },
    );
  }
}

export class DuplicateHandlerError extends SchedulerError {
  constructor(
    readonly funcPath: string,
    places: readonly string[],
  ) {
    super(
      'DUPLICATE_HANDLER',
      `funcPath '${funcPath}' has more than one handler: ${places.join(', ')}; one funcPath, one method`,
      { funcPath, places },
    );
  }
}

export class DefinitionNotPortableError extends SchedulerError {
  constructor(
    readonly taskId: string,
    field: string,
  ) {
    super(
      'DEFINITION_NOT_PORTABLE',
      `${field} of task '${taskId}' is a function and exists only where the task is defined; use a template such as 'report:{payload.id}'`,
      { taskId, field },
    );
  }
}

// ---- graph -----------------------------------------------------------------------------------------------------

export class CircularDependencyError extends SchedulerError {
  constructor(
    /** The tasks of the cycle in order, the first repeated at the end. */
    readonly path: readonly string[],
    code = 'CIRCULAR_DEPENDENCY',
    message = `circular dependency: ${path.join(' -> ')}`,
  ) {
    super(code, message, { path });
  }
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
    hint = 'no task or node of that name is known',
  ) {
    super('UNKNOWN_DEPENDENCY', `'${dependent}' depends on '${dependency}': ${hint}`, { dependent, dependency });
  }
}

export class DuplicateDependencyError extends SchedulerError {
  constructor(
    readonly dependent: string,
    readonly dependency: string,
  ) {
    super('DUPLICATE_DEPENDENCY', `'${dependent}' names its dependency '${dependency}' twice; one edge a pair`, {
      dependent,
      dependency,
    });
  }
}

export class DuplicateNodeError extends SchedulerError {
  constructor(readonly ref: string) {
    super('DUPLICATE_NODE', `workflow node '${ref}' stands twice; give each node of one task its own ref`, { ref });
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

// ---- payloads and results --------------------------------------------------------------------------------------

export class NotSerializableError extends SchedulerError {
  constructor(
    /** Path of the offending value, such as `payload.items[3].when`. */
    readonly path: string,
    readonly kind: string,
  ) {
    super(
      'NOT_SERIALIZABLE',
      `${path}: ${kind} is not JSON; allowed: null, boolean, finite number, text, array, plain object`,
      { path, kind },
    );
  }
}

export class PayloadTooLargeError extends SchedulerError {
  constructor(
    readonly path: string,
    readonly bytes: number,
    readonly maxBytes: number,
  ) {
    super(
      'PAYLOAD_TOO_LARGE',
      `${path} is ${bytes} bytes; allowed: ${maxBytes}; store large data elsewhere and pass its key`,
      { path, bytes, maxBytes },
    );
  }
}

export class ResultTooLargeError extends SchedulerError {
  constructor(
    readonly bytes: number,
    readonly maxBytes: number,
  ) {
    super(
      'RESULT_TOO_LARGE',
      `the handler's result is ${bytes} bytes; allowed: ${maxBytes}; store large data elsewhere and return its key`,
      { bytes, maxBytes },
    );
  }
}

export class PayloadTooDeepError extends SchedulerError {
  constructor(
    readonly path: string,
    readonly maxDepth: number,
  ) {
    super('PAYLOAD_TOO_DEEP', `${path} is nested deeper than ${maxDepth} levels`, { path, maxDepth });
  }
}

export class ForbiddenKeyError extends SchedulerError {
  constructor(
    readonly key: string,
    readonly path: string,
  ) {
    super('FORBIDDEN_KEY', `key '${key}' is not allowed at ${path}`, { key, path });
  }
}

// ---- cron ------------------------------------------------------------------------------------------------------

export class InvalidCronExpressionError extends InvalidInputError {
  constructor(found: unknown, problem: string) {
    super(
      'INVALID_CRON',
      'cronExpression',
      found,
      '5 fields (minute hour day month weekday) or 6 (second first)',
      `cronExpression ${show(found)}: ${problem}`,
    );
  }
}

export class CronNeverFiresError extends InvalidInputError {
  constructor(found: string) {
    super(
      'CRON_NEVER_FIRES',
      'cronExpression',
      found,
      'an expression that fires within five years',
      `cronExpression ${show(found)} never fires`,
    );
  }
}

export class InvalidTimezoneError extends InvalidInputError {
  constructor(found: unknown) {
    super('INVALID_TIMEZONE', 'timezone', found, "an IANA name such as 'Europe/Berlin' or 'UTC'");
  }
}

// ---- executions ------------------------------------------------------------------------------------------------

export class ExecutionNotFoundError extends SchedulerError {
  constructor(readonly executionId: string) {
    super('EXECUTION_NOT_FOUND', `no execution '${executionId}': it never existed, or history has let it go`, {
      executionId,
    });
  }
}

export class IdempotencyConflictError extends SchedulerError {
  constructor(
    readonly taskId: string,
    readonly idempotencyKey: string,
  ) {
    super(
      'IDEMPOTENCY_CONFLICT',
      `idempotencyKey '${idempotencyKey}' of task '${taskId}' was used with another body within 24 hours`,
      { taskId, idempotencyKey },
    );
  }
}

export class IllegalTransitionError extends SchedulerError {
  constructor(verb: string, from: string, to: string) {
    super('ILLEGAL_TRANSITION', `${verb}: ${from} -> ${to} is not a transition`, { verb, from, to });
  }
}

export class WaitTimeoutError extends SchedulerError {
  constructor(
    readonly executionId: string,
    timeout: number,
  ) {
    super('WAIT_TIMEOUT', `execution '${executionId}' has not ended within ${timeout} ms; it goes on`, {
      executionId,
      timeout,
    });
  }
}

/** What was waited for can no longer be heard of here, since the app closes. */
export class SchedulerClosedError extends SchedulerError {
  constructor(readonly executionId: string) {
    super('SCHEDULER_CLOSED', `the app closes; execution '${executionId}' goes on as far as its store lets it`, {
      executionId,
    });
  }
}

export class TaskTimeoutError extends SchedulerError {
  constructor(
    readonly taskId: string,
    readonly timeout: number,
  ) {
    super('TIMEOUT', `task '${taskId}' ran longer than its timeout of ${timeout} ms`, { taskId, timeout });
  }
}

/** The reason of `ctx.signal` when the execution was cancelled. */
export class TaskCancelledError extends SchedulerError {
  constructor(readonly executionId: string) {
    super('CANCELLED', `execution '${executionId}' was cancelled`, { executionId });
  }
}

/** The reason of `ctx.signal` when the worker lost the run (lease, lock) or is stopping. */
export class RunAbortedError extends SchedulerError {
  constructor(
    readonly executionId: string,
    why: 'SHUTDOWN' | 'LEASE_LOST' | 'LOCK_LOST',
  ) {
    super(why, `execution '${executionId}' must stop here: ${why}; it will run again elsewhere`, { executionId });
  }
}

/** The reason of a lock handle's signal when the lock was lost. */
export class LockLostError extends SchedulerError {
  constructor(readonly key: string) {
    super('LOCK_LOST', `lock '${key}' is no longer held: it expired or was released by force`, { key });
  }
}

export class LockNotAcquiredError extends SchedulerError {
  constructor(
    readonly key: string,
    maxWait: number,
  ) {
    super('LOCK_NOT_ACQUIRED', `lock '${key}' was not free within ${maxWait} ms`, { key, maxWait });
  }
}

// ---- thrown by handlers ----------------------------------------------------------------------------------------

/** Throw it from a handler to end the execution as FAILED at once, whatever its retryConfig says. */
export class NonRetryableError extends SchedulerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('NON_RETRYABLE', message, {});
    if (options?.cause !== undefined) this.cause = options.cause;
  }
}

/** Throw it from a handler to choose the delay before the next attempt (still counted against maxAttempts). */
export class RetryLaterError extends SchedulerError {
  constructor(
    /** Milliseconds as a number, or text such as '10m'. */
    readonly delay: number | string,
    message = `retry after ${delay}`,
  ) {
    super('RETRY_LATER', message, { delay });
  }
}
