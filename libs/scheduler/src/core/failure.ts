import { MAX_ERROR_MESSAGE, MAX_ERROR_STACK } from './limits.js';

/** Causes kept of an error, at any depth, and their maximum depth. */
const CAUSES_KEPT = 10;
const CAUSE_DEPTH = 5;
const CAUSE_MESSAGE = 1024;
/** Values visited at most to describe a thrown object. */
const DESCRIBED_VALUES = 200;
const UNREADABLE = 'a value that cannot be read';

/** What is kept of an error's cause. */
export interface ErrorCause {
  name: string;
  /** At most 1,024 characters. */
  message: string;
  /** The error's code, if it has one: text or a number. */
  code: string | number | null;
  /** The next cause, if there is one. */
  cause?: ErrorCause;
  /** The errors of an AggregateError, if it is one. */
  errors?: ErrorCause[];
}

/** What is kept of a thrown value. Limits: message 4,096 characters, stack 8,192, ten causes, five levels deep. */
export interface ErrorInfo extends ErrorCause {
  /** At most 4,096 characters. */
  message: string;
  stack: string | null;
}

/**
 * Converts any thrown value to an ErrorInfo. Never throws, even if a getter of the value does.
 * @param clean removes secrets from its texts
 */
export function toErrorInfo(thrown: unknown, clean = (text: string): string => text): ErrorInfo {
  const careful = (text: string): string => {
    try {
      return clean(text);
    } catch {
      // A text that could not be cleaned may contain a secret.
      return '';
    }
  };
  try {
    return infoOf(thrown, careful);
  } catch {
    return { name: 'NonErrorThrown', message: `the handler threw ${UNREADABLE}`, stack: null, code: null };
  }
}

function infoOf(thrown: unknown, clean: (text: string) => string): ErrorInfo {
  if (!isErrorLike(thrown)) {
    const message = keep(`the handler threw ${describe(thrown)}`, MAX_ERROR_MESSAGE, clean);
    return { name: 'NonErrorThrown', message, stack: null, code: null };
  }
  const stack = text(read(thrown, 'stack'));
  const { name, message, code, ...causes } = causeOf(thrown, MAX_ERROR_MESSAGE, {
    clean,
    seen: new Set(),
    left: CAUSES_KEPT + 1,
    depth: 0,
  })!;
  return { name, message, stack: stack === null ? null : keep(stack, MAX_ERROR_STACK, clean), code, ...causes };
}

interface CauseWalk {
  clean: (text: string) => string;
  /** Visited errors: a chain may be cyclic. */
  seen: Set<unknown>;
  /** Number of errors that may still be kept. */
  left: number;
  depth: number;
}

/** @returns null: there is nothing to keep, or the limit is reached */
function causeOf(thrown: unknown, maxMessage: number, walk: CauseWalk): ErrorCause | null {
  if (thrown === undefined || thrown === null || walk.depth > CAUSE_DEPTH || walk.left <= 0) return null;
  if (!isErrorLike(thrown)) {
    walk.left--;
    return { name: 'NonErrorThrown', message: keep(describe(thrown), maxMessage, walk.clean), code: null };
  }
  if (walk.seen.has(thrown)) return null;
  walk.seen.add(thrown);
  walk.left--;
  walk.depth++;
  const kept: ErrorCause = {
    name: keep(text(read(thrown, 'name')) ?? 'Error', 128, walk.clean),
    message: keep(messageIn(thrown), maxMessage, walk.clean),
    code: codeOf(read(thrown, 'code'), walk.clean),
  };
  const cause = causeOf(read(thrown, 'cause'), CAUSE_MESSAGE, walk);
  if (cause !== null) kept.cause = cause;
  const errors = itemsOf(read(thrown, 'errors')).flatMap((each) => causeOf(each, CAUSE_MESSAGE, walk) ?? []);
  if (errors.length > 0) kept.errors = errors;
  walk.depth--;
  return kept;
}

function messageIn(thrown: object): string {
  const message = read(thrown, 'message');
  return typeof message === 'string' ? message : message === undefined ? '' : describe(message);
}

function codeOf(code: unknown, clean: (text: string) => string): string | number | null {
  if (typeof code === 'number') return Number.isFinite(code) ? code : null;
  return typeof code === 'string' ? keep(code, 128, clean) : null;
}

/** The first readable items of an array. */
function itemsOf(value: unknown): unknown[] {
  try {
    return Array.isArray(value) ? value.slice(0, CAUSES_KEPT) : [];
  } catch {
    return [];
  }
}

/** Whether a value is an instance of a class; false if it cannot be inspected. */
export function isInstance<T>(value: unknown, Class: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof Class;
  } catch {
    return false;
  }
}

/** The message of any thrown value, in one line. Never throws. */
export function messageOf(thrown: unknown): string {
  const message = isErrorLike(thrown) ? text(read(thrown, 'message')) : null;
  return clip((message ?? describe(thrown)).split('\n', 1)[0]!, 256);
}

/** Anything with a message: an error may come from another realm, or not be an instance of Error. */
function isErrorLike(thrown: unknown): thrown is object {
  if (typeof thrown !== 'object' || thrown === null) return false;
  return typeof read(thrown, 'message') === 'string' || isInstance(thrown, Error);
}

function describe(thrown: unknown): string {
  switch (typeof thrown) {
    case 'string':
      return JSON.stringify(wellFormed(thrown.slice(0, 2 * MAX_ERROR_MESSAGE)));
    case 'function':
      return 'a function';
    case 'object':
      return describeObject(thrown);
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'symbol':
    case 'undefined':
      return String(thrown);
  }
}

function describeObject(thrown: object | null): string {
  try {
    let left = DESCRIBED_VALUES;
    const bounded = (_key: string, value: unknown): unknown => {
      if (--left < 0) throw new RangeError('too large');
      return typeof value === 'string' ? value.slice(0, MAX_ERROR_MESSAGE) : value;
    };
    return JSON.stringify(thrown, bounded) ?? 'an object';
  } catch {
    return 'an object that is not JSON';
  }
}

function read(target: object, key: string): unknown {
  try {
    return (target as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function clip(value: string, max: number): string {
  return wellFormed(value.length > max ? `${value.slice(0, max - 1)}…` : value);
}

/** Without lone surrogates, as a cut leaves them: not every JSON parser accepts them, and UTF-8 has none. */
export function wellFormed(value: string): string {
  return value.replace(/\p{Cs}/gu, '\uFFFD');
}

/** Cleans before the cut, since half a secret is not recognized; but never the whole of a text of megabytes. */
function keep(value: string, max: number, clean: (text: string) => string): string {
  return clip(clean(value.slice(0, 4 * max)), max);
}
