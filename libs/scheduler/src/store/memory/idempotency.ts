import type { NewExecution } from '../../core/commands.js';
import { IdempotencyConflictError } from '../../core/errors.js';
import { IDEMPOTENCY_MS } from '../../core/limits.js';
import { KeyRow } from './key-row.js';
import type { State } from './state.js';

/** Replaces repeats, of ids and of idempotency keys, by the executions that they repeat. */
export function dedupe(
  s: State,
  batch: readonly NewExecution[],
  now: number,
): { ids: string[]; fresh: readonly NewExecution[] } {
  if (!batch.some((command) => command.idempotency !== null || s.executions.has(command.executionId)))
    return { ids: batch.map((command) => command.executionId), fresh: batch };
  const ids: string[] = [];
  const fresh: NewExecution[] = [];
  const inBatch = new Map<string, NewExecution>();
  for (const command of batch) {
    if (s.executions.has(command.executionId)) {
      ids.push(command.executionId);
      continue;
    }
    const key = command.idempotency && `${command.taskId}|${command.idempotency.key}`;
    const earlier = key === null ? undefined : (live(s, key, now) ?? asRecord(inBatch.get(key)));
    if (earlier && earlier.fingerprint !== command.idempotency!.fingerprint)
      throw new IdempotencyConflictError(command.taskId, command.idempotency!.key);
    if (!earlier) {
      fresh.push(command);
      if (key !== null) inBatch.set(key, command);
    }
    ids.push(earlier?.executionId ?? command.executionId);
  }
  return { ids, fresh };
}

/** Keeps the keys of what is stored, for a day. */
export function rememberKeys(s: State, fresh: readonly NewExecution[], now: number): void {
  for (const { executionId, taskId, idempotency } of fresh) {
    if (idempotency === null) continue;
    const key = `${taskId}|${idempotency.key}`;
    s.idempotency.delete(key);
    const row = new KeyRow(key, executionId, idempotency.fingerprint, now + IDEMPOTENCY_MS);
    s.idempotency.set(key, row);
    s.touch(row);
  }
}

/** Drops keys whose day is over. @returns how many */
export function forgetKeys(s: State, limit: number, now: number): number {
  let done = 0;
  for (const row of s.idempotency.values()) {
    if (done >= limit || row.expiresAt > now) break;
    s.idempotency.delete(row.key);
    s.touch(row);
    done++;
  }
  return done;
}

function live(s: State, key: string, now: number): { executionId: string; fingerprint: string } | undefined {
  const found = s.idempotency.get(key);
  return found && found.expiresAt > now ? found : undefined;
}

function asRecord(command: NewExecution | undefined): { executionId: string; fingerprint: string } | undefined {
  return command && { executionId: command.executionId, fingerprint: command.idempotency!.fingerprint };
}
