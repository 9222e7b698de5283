/** Base of every error of the console: a class, a stable `code`, and its HTTP status. */
export class ConsoleError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
    /** The invalid field, such as `tasks[0].ref`. */
    readonly path?: string,
    /** Seconds to wait before a repetition. */
    readonly retryAfter?: number,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** The app listens beyond loopback, and nothing controls access. */
export class ConsoleExposedError extends ConsoleError {
  constructor(readonly address: string) {
    super(
      'CONSOLE_EXPOSED',
      403,
      `the console is not served on ${address}: it has neither auth.tokens nor auth.guard; allowed: configure one of them, or listen on 127.0.0.1 or ::1`,
    );
  }
}

/** An option of the console is invalid. The message never contains a token. */
export class InvalidConsoleOptionError extends ConsoleError {
  constructor(field: string, found: string, allowed: string) {
    super('INVALID_CONSOLE_OPTION', 500, `${field}: ${found} is not allowed; allowed: ${allowed}`, field);
  }
}
