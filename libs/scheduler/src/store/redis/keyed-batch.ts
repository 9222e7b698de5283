import type { NewExecution } from '../../core/commands.js';
import { IdempotencyConflictError } from '../../core/errors.js';

/** What an idempotency key has given: an execution, and what was asked for; '': the execution itself is stored. */
export interface Given {
  executionId: string;
  fingerprint: string;
}

/** A batch without its repeats. */
export interface Deduped {
  fresh: NewExecution[];
  /** Of each of the batch: the execution that it repeats, or the place of its own, or of the one it repeats, in `fresh`. */
  answers: (string | number)[];
}

/** The name under which the store keeps the key of an execution that has one. */
export function nameOf({ taskId, idempotency }: NewExecution): string {
  return `${taskId}|${idempotency!.key}`;
}

/**
 * Takes the repeats out of a batch.
 * @param given what the keys of the batch have given, by executionId
 * @throws IdempotencyConflictError
 */
export function dedupe(batch: readonly NewExecution[], given: ReadonlyMap<string, Given>): Deduped {
  const fresh: NewExecution[] = [];
  const places = new Map<string, number>();
  const answers = batch.map((each) => {
    if (each.idempotency === null) return fresh.push(each) - 1;
    const earlier = given.get(each.executionId);
    if (earlier?.fingerprint === '') return earlier.executionId;
    const place = places.get(nameOf(each));
    const fingerprint =
      earlier?.fingerprint ?? (place === undefined ? undefined : fresh[place]!.idempotency!.fingerprint);
    if (fingerprint !== undefined && fingerprint !== each.idempotency.fingerprint)
      throw new IdempotencyConflictError(each.taskId, each.idempotency.key);
    if (earlier) return earlier.executionId;
    if (place !== undefined) return place;
    places.set(nameOf(each), fresh.length);
    return fresh.push(each) - 1;
  });
  return { fresh, answers };
}
