import { types } from 'node:util';
import {
  ForbiddenKeyError,
  NotSerializableError,
  PayloadTooDeepError,
  PayloadTooLargeError,
  ResultTooLargeError,
  SchedulerError,
} from './errors.js';
import { isInstance, messageOf } from './failure.js';
import { MAX_DEPTH, MAX_PAYLOAD_BYTES, MAX_RESULT_BYTES } from './limits.js';

/** A value as JSON text, opaque to every store; null: no value. */
export type JsonText = string;

/**
 * The payload as JSON text. Strict: values that JSON would silently change (NaN, a Date, a function) are refused, so
 * the handler gets exactly what was scheduled. Undefined properties are omitted, as in JSON.
 * @throws NotSerializableError, PayloadTooDeepError, ForbiddenKeyError, PayloadTooLargeError
 */
export function serializePayload(payload: unknown, path = 'payload', maxBytes = MAX_PAYLOAD_BYTES): JsonText | null {
  if (payload === undefined) return null;
  let text: string;
  try {
    budget = maxBytes;
    // The second pass is slower, and finds what is wrong and where.
    if (!isJson(payload, 0)) check(payload, path, { path, maxBytes, values: 0 }, []);
    text = JSON.stringify(payload);
  } catch (thrown) {
    if (isInstance(thrown, SchedulerError)) throw thrown;
    throw new NotSerializableError(path, unreadable(thrown));
  }
  checkSize(text, maxBytes, (bytes) => new PayloadTooLargeError(path, bytes, maxBytes));
  return text;
}

/**
 * A handler's result as JSON text. More lenient than a payload, since the work is done: toJSON (a Date, an entity) is
 * used, class instances become their fields, NaN becomes null, and function fields are omitted. Values that JSON would
 * empty are refused at any depth: a Map, a Set, a RegExp, an Error, bytes, a promise, a stream, an iterator, any
 * iterable except an array.
 * @throws NotSerializableError for those, BigInt, cycles and getters that throw; ResultTooLargeError
 */
export function serializeResult(result: unknown, maxBytes = MAX_RESULT_BYTES): JsonText | null {
  if (result === undefined || result === null) return null;
  let text: string | undefined;
  try {
    budget = maxBytes;
    text = isJson(result, 0) ? JSON.stringify(result) : stringifyLenient(result, maxBytes);
  } catch (thrown) {
    if (isInstance(thrown, SchedulerError)) throw thrown;
    throw new NotSerializableError('result', unreadable(thrown));
  }
  if (text === undefined) return null;
  checkSize(text, maxBytes, (bytes) => new ResultTooLargeError(bytes, maxBytes));
  return text;
}

function stringifyLenient(result: unknown, maxBytes: number): string | undefined {
  const paths = new Map<unknown, string>();
  let values = 0;
  return JSON.stringify(result, function (this: Record<string, unknown>, key: string, value: unknown): unknown {
    if (++values > maxBytes) throw new ResultTooLargeError(values, maxBytes);
    const inside = paths.get(this);
    const path = inside === undefined ? 'result' : Array.isArray(this) ? `${inside}[${key}]` : `${inside}.${key}`;
    const lost = lostInJson(value) ?? (isBufferJson(value) ? lostBytes(this[key]) : null);
    const isWhole = inside === undefined && (typeof value === 'function' || typeof value === 'symbol');
    if (lost !== null || isWhole) throw new NotSerializableError(path, lost ?? typeof value);
    if (typeof value === 'object' && value !== null) paths.set(value, path);
    return value;
  });
}

/** Describes an object that JSON would empty; null if JSON keeps its content. */
function lostInJson(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  if (types.isBoxedPrimitive(value)) return types.isSymbolObject(value) ? 'an instance of Symbol' : null;
  if (isObservable(value)) return 'an Observable';
  if (isIterable(value)) return nameIterable(value);
  if (isPlainObject(value)) return null;
  if (lostBytes(value) !== null || isInstance(value, Error) || types.isNativeError(value)) return named(value);
  return Object.keys(value).length === 0 && className(value) !== 'Object' ? named(value) : null;
}

/** Whether it is the result of a Buffer's toJSON. */
function isBufferJson(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer';
}

function lostBytes(value: unknown): string | null {
  return types.isArrayBufferView(value) || types.isAnyArrayBuffer(value) ? named(value) : null;
}

function nameIterable(value: object): string {
  const isAsync = typeof (value as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function';
  if (types.isGeneratorObject(value)) return isAsync ? 'an async generator' : 'a generator';
  return isAsync ? `an async iterable (${named(value)})` : named(value);
}

function named(value: object): string {
  return `an instance of ${className(value)}`;
}

function isIterable(value: object): boolean {
  const { [Symbol.iterator]: each, [Symbol.asyncIterator]: eachLater } = value as Iterable<unknown> &
    AsyncIterable<unknown>;
  return typeof each === 'function' || typeof eachLater === 'function';
}

/** An observable: of RxJS, of another copy of it, or of a library with the same protocol. */
export interface Subscribable {
  subscribe(observer: {
    next: (value: unknown) => void;
    error: (error: unknown) => void;
    complete: () => void;
  }): unknown;
}

export function isObservable(value: unknown): value is Subscribable {
  if (typeof value !== 'object' || value === null) return false;
  const { subscribe, pipe, '@@observable': interop } = value as Record<string, unknown>;
  return typeof subscribe === 'function' && (typeof pipe === 'function' || typeof interop === 'function');
}

export function parseJson(text: JsonText | null | undefined): unknown {
  return text === null || text === undefined ? undefined : JSON.parse(text);
}

/** @returns the value of a stored text; undefined if it is damaged, so one damaged text does not fail a listing */
export function storedValue(text: JsonText | null | undefined): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** A deep copy of JSON data, which its receiver may change. */
export function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf<unknown>(item)])) as T;
}

/** Whether it is a plain object in the sense of JSON. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Counts bytes of UTF-8 only if the length in characters does not decide. */
function checkSize(text: string, maxBytes: number, error: (bytes: number) => Error): void {
  if (text.length * 3 <= maxBytes) return;
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) throw error(bytes);
}

function unreadable(thrown: unknown): string {
  return `a value that cannot be read (${messageOf(thrown)})`;
}

/** Values that the current pass may still visit. */
let budget = 0;

/** Whether a value is plain JSON: a fast check without false positives. */
function isJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth >= MAX_DEPTH || --budget < 0) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isJson(value[i], depth + 1)) return false;
    return true;
  }
  if (!isPlainObject(value)) return false;
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || key === 'constructor') return false;
    const item = value[key];
    if (item !== undefined && !isJson(item, depth + 1)) return false;
  }
  return true;
}

interface Walk {
  path: string;
  maxBytes: number;
  /**
   * Values visited. Each takes at least one byte of JSON, so a few objects that contain each other many times end here.
   */
  values: number;
}

/** Depth is limited, so an undetected cycle ends as "too deep". */
function check(value: unknown, path: string, walk: Walk, parents: readonly object[]): void {
  if (++walk.values > walk.maxBytes) throw new PayloadTooLargeError(walk.path, walk.values, walk.maxBytes);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) throw new NotSerializableError(path, String(value));
      return;
    case 'object':
      break;
    default:
      throw new NotSerializableError(path, typeof value);
  }
  if (value === null) return;
  if (parents.includes(value)) throw new NotSerializableError(path, 'a cycle');
  if (parents.length >= MAX_DEPTH) throw new PayloadTooDeepError(path, MAX_DEPTH);
  const line = [...parents, value];
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) check(value[i], `${path}[${i}]`, walk, line);
    return;
  }
  if (!isPlainObject(value)) throw new NotSerializableError(path, `an instance of ${className(value)}`);
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (key === '__proto__') throw new ForbiddenKeyError(key, path);
    if (key === 'constructor' && isPlainObject(item) && Object.hasOwn(item, 'prototype')) {
      throw new ForbiddenKeyError('constructor.prototype', path);
    }
    if (item !== undefined) check(item, `${path}.${key}`, walk, line);
  }
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'a class';
}
