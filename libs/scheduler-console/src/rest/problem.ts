import { HttpException } from '@nestjs/common';
import { SchedulerError } from 'nestjs-advanced-scheduler';
import { STATUS_CODES } from 'node:http';
import { ConsoleError } from '../console-error.js';
import { MAX_BODY_BYTES } from './read-body.js';

/** An error as in RFC 9457, with our code. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  /** The invalid field. */
  path?: string;
  requestId?: string;
}

/** Statuses of the library's codes; all others are client errors: 400. */
const STATUS: Readonly<Record<string, number>> = {
  TASK_NOT_REGISTERED: 404,
  EXECUTION_NOT_FOUND: 404,
  IDEMPOTENCY_CONFLICT: 409,
  TASK_IN_USE: 409,
  TASK_ALREADY_REGISTERED: 409,
  ILLEGAL_TRANSITION: 409,
  LOCK_NOT_ACQUIRED: 409,
  PAYLOAD_TOO_LARGE: 413,
  WORKFLOW_TOO_LARGE: 413,
  STORE_UNAVAILABLE: 503,
  STORE_LOADING: 503,
  STORE_READONLY: 503,
  STORE_FULL: 503,
  STORE_IN_USE: 503,
  OUTCOME_UNKNOWN: 503,
  SCHEDULER_CLOSED: 503,
  WAIT_TIMEOUT: 504,
  STORE_ACCESS_DENIED: 500,
  STORE_DAMAGED: 500,
  STORE_VERSION: 500,
  STORE_POLICY: 500,
  STORE_SCRIPT_FAILED: 500,
  TLS_VERIFY_FAILED: 500,
  MISSING_DEPENDENCY: 500,
};
/** Codes for bodies that the parsers of Express and Fastify reject, and for Nest's exceptions. */
const CODES: Readonly<Record<number, string>> = {
  400: 'INVALID_JSON',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
};
const STORE_RETRY_SECONDS = 5;
/** Characters. */
const MAX_DETAIL = 2000;

export interface Failure {
  problem: Problem;
  /** Seconds for Retry-After. */
  retryAfter?: number;
  /** Whether it is a server error that needs attention. */
  unexpected: boolean;
}

/** The response to an error, without texts of the store and without a stack. */
export function toFailure(error: unknown, requestId?: string): Failure {
  const { status, code, detail, path, retryAfter } = describe(error);
  return {
    problem: {
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Error',
      status,
      code,
      detail: detail.slice(0, MAX_DETAIL),
      ...(path === undefined ? {} : { path }),
      ...(requestId === undefined ? {} : { requestId }),
    },
    ...(retryAfter === undefined ? {} : { retryAfter }),
    unexpected: status === 500,
  };
}

export function codeOf(error: unknown): string {
  return describe(error).code;
}

interface Description {
  status: number;
  code: string;
  detail: string;
  path?: string;
  retryAfter?: number;
}

function describe(error: unknown): Description {
  if (error instanceof ConsoleError) {
    const { status, code, message, path, retryAfter } = error;
    return { status, code, detail: message, path, retryAfter };
  }
  if (error instanceof SchedulerError) return describeSchedulerError(error);
  if (error instanceof HttpException) {
    const status = error.getStatus();
    return { status, code: CODES[status] ?? 'HTTP_ERROR', detail: error.message };
  }
  return (
    describeParserError(error) ?? {
      status: 500,
      code: 'INTERNAL',
      detail: 'internal error; see the log of the app for the requestId',
    }
  );
}

function describeSchedulerError(error: SchedulerError): Description {
  const { code, details } = error;
  const status = STATUS[code] ?? 400;
  const place = details.path ?? details.field;
  // Messages of the store may contain hosts, keys and scripts.
  const detail = status < 500 ? error.message : `${code.toLowerCase().replaceAll('_', ' ')}; see the log of the app`;
  return {
    status,
    code,
    detail,
    ...(typeof place === 'string' ? { path: place } : {}),
    ...(status === 503 ? { retryAfter: STORE_RETRY_SECONDS } : {}),
  };
}

/** Errors of the app's parsers have a status; errors of decoding a path are URIErrors. */
function describeParserError(error: unknown): Description | null {
  if (typeof error !== 'object' || error === null) return null;
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown };
  const found = status ?? statusCode;
  if (error instanceof URIError)
    return { status: 400, code: 'INVALID_ID', detail: 'the path is not correctly encoded' };
  if (typeof found !== 'number' || found < 400 || found > 499) return null;
  if (found === 413)
    return {
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
      detail: `the body is too large; allowed: ${MAX_BODY_BYTES} bytes`,
    };
  if (found === 415) return { status: 415, code: CODES[415]!, detail: 'allowed: application/json in UTF-8' };
  // The message may quote the body.
  return { status: 400, code: 'INVALID_JSON', detail: 'the body cannot be read' };
}
