/** Base of every error of this library: a class, a stable `code`, and `details` for a log or a response. */
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

/**
 * Prefixes the message of a SchedulerError with its subject, such as `task 'x' (ReportService.generate)`. Other errors
 * stay as they are.
 */
export function withSubject<T>(subject: string, error: T): T {
  if (!(error instanceof SchedulerError) || error.message.includes(subject)) return error;
  const message = `${subject}: ${error.message}`;
  error.stack = error.stack?.replace(error.message, () => message);
  error.message = message;
  return error;
}

/** A value for a message: short, one line, safe for any type. */
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

/** One field of the input is invalid: the field, its value, and what is allowed. */
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
