import { MAX_ERROR_MESSAGE, MAX_ERROR_STACK } from './limits.js';

/** What is kept of a thrown value. Sizes are bounded: message 4,096 characters, stack 8,192. */
export interface ErrorInfo {
  name: string;
  message: string;
  stack: string | null;
  /** The error's stable code, if it has one. */
  code: string | null;
}

/**
 * Any thrown value as an ErrorInfo. Never throws, whatever the value's getters do.
 * @param clean takes out of its texts what must not be kept
 */
export function toErrorInfo(thrown: unknown, clean = (text: string): string => text): ErrorInfo {
  if (isErrorLike(thrown)) {
    const code = read(thrown, 'code');
    const stack = text(read(thrown, 'stack'));
    return {
      name: clip(text(read(thrown, 'name')) ?? 'Error', 128),
      message: keep(text(read(thrown, 'message')) ?? '', MAX_ERROR_MESSAGE, clean),
      stack: stack === null ? null : keep(stack, MAX_ERROR_STACK, clean),
      code: typeof code === 'string' ? clip(code, 128) : null,
    };
  }
  return {
    name: 'NonErrorThrown',
    message: keep(`the handler threw ${describe(thrown)}`, MAX_ERROR_MESSAGE, clean),
    stack: null,
    code: null,
  };
}

/** The message of any thrown value, one line for a message of our own. Never throws. */
export function messageOf(thrown: unknown): string {
  const message = isErrorLike(thrown) ? text(read(thrown, 'message')) : null;
  return clip((message ?? describe(thrown)).split('\n', 1)[0]!, 256);
}

/** Anything with a message: an error may come from another realm, or be no instance of Error at all. */
function isErrorLike(thrown: unknown): thrown is object {
  if (typeof thrown !== 'object' || thrown === null) return false;
  return typeof read(thrown, 'message') === 'string' || isError(thrown);
}

/** Apart, since instanceof asks for the prototype, which a proxy may refuse. */
function isError(thrown: object): boolean {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

function describe(thrown: unknown): string {
  switch (typeof thrown) {
    case 'string':
      return JSON.stringify(thrown);
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
    return JSON.stringify(thrown) ?? 'an object';
  } catch {
    return 'an object that is no JSON';
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
  return value.length > max ? `${value.slice(0, max - 1)}…` : value;
}

/** Cleaned before it is cut, since half a secret is not found; yet not the whole of a text of megabytes. */
function keep(value: string, max: number, clean: (text: string) => string): string {
  return clip(clean(value.slice(0, 4 * max)), max);
}
