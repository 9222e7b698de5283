/** Idempotency keys: which earlier execution a request repeats. */
import { IDEMPOTENCY_MS } from '../core/limits.js';
import type { Deduplicated, KeyedRequest, KeyRecord } from './records.js';
import type { KeyTable, Tables } from './tables.js';

type Steady = Pick<Tables, 'steadyTime'>;

/** What tells whether a request repeats an earlier one. */
export interface Earlier extends Steady {
  readonly keys: KeyTable;
  /** undefined: none of that id is stored. */
  execution(id: string): unknown;
}

/**
 * Takes repeats, of ids and of keys, out of a batch, and stages the keys of the others.
 * @returns `conflict`: one whose key was given with another fingerprint; then the batch is refused
 */
export function deduplicate<T extends KeyedRequest>(t: Earlier, batch: readonly T[]): Deduplicated<T> {
  const ids: string[] = [];
  const fresh: T[] = [];
  for (const request of batch) {
    const isStored = t.execution(request.executionId) !== undefined;
    const key = givenBy(t, request);
    if (key !== undefined && !isStored) {
      if (key.fingerprint !== request.fingerprint) return { ids, fresh, conflict: request };
      ids.push(key.executionId);
    } else {
      ids.push(request.executionId);
      if (!isStored) fresh.push(request);
      if (!isStored && request.keyName !== undefined) t.keys.stage(request.keyName, keyOf(t, request));
    }
  }
  return { ids, fresh };
}

/** What is kept of the key of a new execution. */
export function keyOf(t: Steady, request: KeyedRequest): KeyRecord {
  return {
    executionId: request.executionId,
    fingerprint: request.fingerprint!,
    expiresAt: t.steadyTime() + IDEMPOTENCY_MS,
  };
}

/** Whether its day is not over. */
export function isLive(t: Steady, key: KeyRecord): boolean {
  return key.expiresAt > t.steadyTime();
}

function givenBy(t: Earlier, request: KeyedRequest): KeyRecord | undefined {
  if (request.keyName === undefined) return undefined;
  const key = t.keys.get(request.keyName);
  return key !== undefined && isLive(t, key) ? key : undefined;
}
