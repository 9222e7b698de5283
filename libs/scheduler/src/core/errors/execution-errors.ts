import { SchedulerError } from './base.js';

export class ExecutionNotFoundError extends SchedulerError {
  constructor(readonly executionId: string) {
    super('EXECUTION_NOT_FOUND', `no execution '${executionId}': it never existed, or history has trimmed it`, {
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
      `idempotencyKey '${idempotencyKey}' of task '${taskId}' was used with a different request within 24 hours`,
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
    super('WAIT_TIMEOUT', `execution '${executionId}' has not ended within ${timeout}ms; it continues`, {
      executionId,
      timeout,
    });
  }
}

/** The scheduler has closed, or is closing, with its app: it accepts no calls, and waits in this process end. */
export class SchedulerClosedError extends SchedulerError {
  constructor(readonly executionId: string | null = null) {
    super(
      'SCHEDULER_CLOSED',
      executionId === null
        ? 'the scheduler is closed, or is closing with its app: it accepts no calls'
        : `the app is closing; execution '${executionId}' continues if its store outlives this process`,
      executionId === null ? {} : { executionId },
    );
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
