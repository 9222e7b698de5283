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

/** A value as JSON text, opaque to every store; null stands for "nothing given". */
export type JsonText = string;

/**
 * The payload as JSON text. Strict: what JSON would silently change (NaN, a Date, a function) is refused, so that a
 * handler gets exactly what was scheduled. A property that is undefined is left out, as JSON does.
 * @throws NotSerializableError, PayloadTooDeepError, ForbiddenKeyError, PayloadTooLargeError
 */
export function serializePayload(payload: unknown, path = 'payload', maxBytes = MAX_PAYLOAD_BYTES): JsonText | null {
  if (payload === undefined) return null;
  let text: string;
  try {
    budget = maxBytes;
    // The second look costs more, and says what is wrong and where.
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
 * A handler's result as JSON text. More lenient than a payload, since the work is done already: what says itself how it
 * stands in JSON (a Date, an entity with toJSON) is taken at its word, instances of classes as their fields, NaN as
 * null, and a field that is a function is left out. What JSON would empty is refused, at any depth: a Map, a Set, a
 * RegExp, an Error, bytes, a promise, a stream, an iterator, anything iterable but an array.
 * @throws NotSerializableError for those, BigInt, cycles and getters that throw, ResultTooLargeError
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

/** What an object is that JSON would empty, in words; null: JSON keeps what it holds. */
function lostInJson(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  if (types.isBoxedPrimitive(value)) return types.isSymbolObject(value) ? 'an instance of Symbol' : null;
  if (isObservable(value)) return 'an Observable';
  if (isIterable(value)) return nameIterable(value);
  if (isPlainObject(value)) return null;
  if (lostBytes(value) !== null || isInstance(value, Error) || types.isNativeError(value)) return named(value);
  return Object.keys(value).length === 0 && className(value) !== 'Object' ? named(value) : null;
}

/** What a Buffer's toJSON makes of it. */
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

/** What is subscribed to: of RxJS, of another copy of it, or of a library that keeps to the same protocol. */
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

/** A plain object: what JSON calls an object, and nothing else. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Bytes of UTF-8, counted only where the length in characters leaves it open. */
function checkSize(text: string, maxBytes: number, error: (bytes: number) => Error): void {
  if (text.length * 3 <= maxBytes) return;
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) throw error(bytes);
}

function unreadable(thrown: unknown): string {
  return `a value that cannot be read (${messageOf(thrown)})`;
}

/** Values that the look under way may still visit. */
let budget = 0;

/** Whether a value is plain JSON: a quick look that finds nothing wrong with what is right. */
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
  /** Values seen. Each takes a byte of JSON at least, so a few objects that stand in each other often end here. */
  values: number;
}

/** Depth is bounded, so a cycle ends as "too deep" unless it is found to be one. */
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
