import { SchedulerError } from './base.js';

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
