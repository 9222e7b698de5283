import { SchedulerError } from './base.js';

/** Throw it from a handler to end the execution as FAILED at once, whatever its retryConfig. */
export class NonRetryableError extends SchedulerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('NON_RETRYABLE', message, {});
    if (options?.cause !== undefined) this.cause = options.cause;
  }
}

/**
 * Throw it from a handler to postpone the execution: it runs again after the delay, with or without a retryConfig, and
 * uses no attempt. The task's maxSnoozes limits how often.
 */
export class RetryLaterError extends SchedulerError {
  constructor(
    /** Milliseconds as a number, or text such as '10m'. */
    readonly delay: number | string,
    message = `retry after ${delay}`,
  ) {
    super('RETRY_LATER', message, { delay });
  }
}
