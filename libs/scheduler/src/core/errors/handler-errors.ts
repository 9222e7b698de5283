import { SchedulerError } from './base.js';

/** Throw it from a handler to end the execution as FAILED at once, whatever its retryConfig says. */
export class NonRetryableError extends SchedulerError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('NON_RETRYABLE', message, {});
    if (options?.cause !== undefined) this.cause = options.cause;
  }
}

/**
 * Throw it from a handler to put the execution off: it runs again after the delay, with or without a retryConfig, and no
 * attempt is spent. How often is bounded by the task's maxSnoozes.
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
