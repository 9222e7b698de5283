import { serializePayload, type JsonText } from './json.js';

type Primitive = string | number | boolean | null;
/** A private copy of an array or a plain object of primitives. It is never changed, and never handed out. */
type FlatValue = Readonly<Record<string, Primitive>> | readonly Primitive[];

/** A payload as a store takes it: JSON text, or a flat copy, which takes a fraction of the time to make and to read. */
export type Payload = JsonText | FlatValue;

/** Members of a flat copy, and characters of its texts: its JSON is far below the limit of payloads. */
const FLAT_MEMBERS = 64;
const FLAT_CHARACTERS = 4_096;

/**
 * The payload as a store takes it; undefined: null. What a handler gets is what JSON would preserve of it.
 * @throws the errors of serializePayload
 */
export function toPayload(payload: unknown): Payload | null {
  return (typeof payload === 'object' ? flatCopy(payload) : null) ?? serializePayload(payload);
}

/** As JSON text; null: none. */
export function textOf(payload: Payload | null): JsonText | null {
  return payload === null || typeof payload === 'string' ? payload : JSON.stringify(payload);
}

/** Characters of its JSON text. */
export function sizeOfPayload(payload: Payload | null): number {
  return textOf(payload)?.length ?? 0;
}

/** A value that its receiver may change. */
export function valueOf(payload: Payload | null): unknown {
  if (payload === null) return undefined;
  if (typeof payload === 'string') return JSON.parse(payload);
  return Array.isArray(payload) ? (payload as readonly Primitive[]).slice() : { ...payload };
}

/** Replaces flat copies by JSON text, for a store that keeps text. */
export function useTexts(batch: readonly { payload: Payload | null }[]): void {
  for (const each of batch) each.payload = textOf(each.payload);
}

/** null: it is not flat, or JSON would change it, refuse it or have a reason to look closer. */
function flatCopy(value: object | null): FlatValue | null {
  if (value === null || (value as { toJSON?: unknown }).toJSON !== undefined) return null;
  if (Array.isArray(value)) return copyItems(value as readonly unknown[]);
  return Object.getPrototypeOf(value) === Object.prototype ? copyMembers(value as Record<string, unknown>) : null;
}

function copyItems(value: readonly unknown[]): FlatValue | null {
  if (value.length > FLAT_MEMBERS) return null;
  const copy: Primitive[] = [];
  let characters = 0;
  for (let i = 0; i < value.length; i++) {
    const item = value[i];
    if (!isFlat(item)) return null;
    if (typeof item === 'string') characters += item.length;
    copy.push(item);
  }
  return characters <= FLAT_CHARACTERS ? copy : null;
}

function copyMembers(value: Record<string, unknown>): FlatValue | null {
  const keys = Object.keys(value);
  if (keys.length > FLAT_MEMBERS) return null;
  const copy: Record<string, Primitive> = {};
  let characters = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const item = value[key];
    if (item === undefined) continue;
    // An assignment to a name that objects inherit could do anything else.
    if (!isFlat(item) || key in Object.prototype) return null;
    characters += key.length;
    if (typeof item === 'string') characters += item.length;
    copy[key] = item;
  }
  return characters <= FLAT_CHARACTERS ? copy : null;
}

/** Whether JSON preserves it: of numbers neither NaN, nor an infinite one, nor -0. */
function isFlat(value: unknown): value is Primitive {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    default:
      return value === null;
  }
}
