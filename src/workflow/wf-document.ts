/** Throws the error of the current document. */
export type Fail = (problem: string) => never;

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Follows keys through objects; undefined if the path ends early. */
export function dig(value: unknown, ...keys: string[]): unknown {
  return keys.reduce((at: unknown, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), value);
}

/** Non-empty text under `key`. */
export function readText(entry: unknown, key: string, where: string, fail: Fail): string {
  const text = dig(entry, key);
  return typeof text === 'string' && text !== '' ? text : fail(`${where}: ${key} must be non-empty text`);
}

/** A list of texts under `key`; empty if it is absent. */
export function readTexts(entry: unknown, key: string, task: string, fail: Fail): string[] {
  const texts = dig(entry, key) ?? [];
  if (!Array.isArray(texts) || !texts.every((item): item is string => typeof item === 'string')) {
    return fail(`task "${task}": ${key} must be a list of task ids`);
  }
  return texts;
}

/** A recorded time in seconds. */
export function readSeconds(value: unknown, key: string, task: string, fail: Fail): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  return fail(`task "${task}": ${key} is ${JSON.stringify(value)}, expected a number of seconds, 0 or more`);
}
