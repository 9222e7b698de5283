import { messageOf } from '../failure.js';
import { InvalidInputError, SchedulerError, show } from './base.js';

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

/** A bare number so small that it was probably meant as seconds. */
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
    super(
      'INVALID_DATE',
      field,
      found,
      'a Date, ISO 8601 text with a zone (Z or +02:00), or milliseconds since 1970, at most ten years ahead',
    );
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
      `funcPath '${funcPath}' has more than one handler: ${places.join(', ')}; use one method for each funcPath`,
      { funcPath, places },
    );
  }
}

/** A decorated method cannot be the handler that its decorators declare, or not without losing one of them. */
export class InvalidHandlerError extends SchedulerError {
  constructor(
    /** Where it is declared: 'ReportService.generate'. */
    readonly place: string,
    problem: string,
    options?: { funcPath?: string; cause?: unknown },
  ) {
    const subject = options?.funcPath === undefined ? '@ScheduledTask' : `task '${options.funcPath}'`;
    super('INVALID_HANDLER', `${subject} (${place}): ${problem}`, { place, funcPath: options?.funcPath });
    if (options?.cause !== undefined) this.cause = options.cause;
  }
}

/** The strategy given to Nest's ContextIdFactory.apply failed for the request of a task. */
export class DurableContextError extends SchedulerError {
  constructor(cause: unknown) {
    super(
      'DURABLE_CONTEXT',
      `the strategy given to ContextIdFactory.apply must also accept the request { payload, ctx } of a task: ${messageOf(cause)}`,
    );
    this.cause = cause;
  }
}

/** Code declares two schedules with one id. */
export class DuplicateScheduleError extends SchedulerError {
  constructor(
    readonly scheduleId: string,
    readonly places: readonly string[],
  ) {
    super(
      'DUPLICATE_SCHEDULE',
      `schedule '${scheduleId}' is declared more than once: by ${places.join(' and by ')}; give one of them another cron.id`,
      { scheduleId, places },
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
