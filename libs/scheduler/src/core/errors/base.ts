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

/** Says in the message of an error of ours what it is about, such as `task 'x' (ReportService.generate)`; another is left alone. */
export function withSubject<T>(subject: string, error: T): T {
  if (!(error instanceof SchedulerError) || error.message.includes(subject)) return error;
  const message = `${subject}: ${error.message}`;
  error.stack = error.stack?.replace(error.message, () => message);
  error.message = message;
  return error;
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
