import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { IdempotencyConflictError, StoreUnavailableError } from '../../core/errors.js';
import type { ScriptArgument } from './connection/redis-connection.js';
import { packBatch } from './enqueue.js';
import { deduplicate, type Earlier } from '../../engine/idempotency.js';
import type { KeyedRequest, KeyRecord } from '../../engine/records.js';
import { isLarge, isTooMany, packAcceptance, packItems, partsOf, type Item } from './intake.js';

/** Idempotency keys that one script looks up. */
const KEYS_AT_ONCE = 500;
const TOO_SLOW = 'the parts of the batch took too long to arrive; nothing of it is stored';

/** Replies of the script `accept`. */
const GONE = 0;
const TAKEN = 2;
const WAIT = 3;

/** What the script `enqueue` returns: ids where they differ from those given; or what it waits for is too large for it. */
export type Enqueued = string[] | 'large';

/** A new execution, as the engine deduplicates it. */
interface Request extends KeyedRequest {
  readonly command: NewExecution;
}

type Send = <T>(script: string, ...args: ScriptArgument[]) => Promise<T>;

/** How the store sends its scripts: see `RedisFrame`. */
export interface Scripts {
  look: Send;
  commit: Send;
  commitRepeatable: Send;
  nextOperation(): string;
}

/**
 * Stores batches that are too large for one script, in bounded steps, all or nothing. A batch counts from the moment in
 * which it is accepted. What is not admitted then by this node is admitted by the maintenance of any.
 */
export class LargeBatches {
  constructor(
    private readonly scripts: Scripts,
    private readonly createdAtOnce: number,
  ) {}

  isLarge(batch: readonly NewExecution[]): boolean {
    return isLarge(batch, this.createdAtOnce);
  }

  /** As isLarge, however many edges there are. */
  isTooMany(batch: readonly NewExecution[]): boolean {
    return isTooMany(batch, this.createdAtOnce);
  }

  /** @returns ids in the order given: of the first one where an idempotency key repeats */
  async enqueue(batch: readonly NewExecution[]): Promise<string[]> {
    for (;;) {
      const { ids, fresh } = await this.withoutRepeats(batch);
      const stored = await this.storeFresh(fresh);
      if (stored) return ids.map((id) => stored.get(id) ?? id);
      // Another request was faster with one of the keys, so that there is one more repeat.
    }
  }

  async startWorkflow(workflow: NewWorkflow, executions: readonly NewExecution[]): Promise<void> {
    await this.takeIn(executions, packAcceptance(workflow));
  }

  /** @throws IdempotencyConflictError */
  private async withoutRepeats(batch: readonly NewExecution[]): Promise<{ ids: string[]; fresh: NewExecution[] }> {
    const requests = batch.map(requestOf);
    const earlier = await this.findEarlier(requests.filter(({ keyName }) => keyName !== undefined));
    const { ids, fresh, conflict } = deduplicate(earlier, requests);
    if (!conflict) return { ids, fresh: fresh.map(({ command }) => command) };
    const { taskId, idempotency } = conflict.command;
    throw new IdempotencyConflictError(taskId, idempotency!.key);
  }

  private async findEarlier(keyed: readonly Request[]): Promise<Earlier> {
    const stored = new Set<string>();
    const known = new Map<string, KeyRecord>();
    for (let from = 0; from < keyed.length; from += KEYS_AT_ONCE) {
      const part = keyed.slice(from, from + KEYS_AT_ONCE);
      const args = part.flatMap(({ executionId, keyName }) => [executionId, keyName!]);
      const found = await this.scripts.look<string[]>('findKeys', ...args);
      for (const [i, { executionId: own, keyName }] of part.entries()) {
        const [executionId, fingerprint] = [found[2 * i]!, found[2 * i + 1]!];
        if (executionId === own) stored.add(own);
        else if (executionId !== '')
          known.set(keyName!, { executionId, fingerprint, expiresAt: Number.POSITIVE_INFINITY });
      }
    }
    const execution = (id: string): true | undefined => stored.has(id) || undefined;
    const get = (keyName: string): KeyRecord | undefined => known.get(keyName);
    const stage = (keyName: string, key: KeyRecord): void => void known.set(keyName, key);
    return { steadyTime: () => 0, execution, keys: { get, stage } };
  }

  /** @returns the execution that each of them is or repeats; null: another request has taken a key of them, and nothing is stored */
  private async storeFresh(fresh: readonly NewExecution[]): Promise<Map<string, string> | null> {
    if (fresh.length > 0 && !this.isLarge(fresh)) {
      const changed = await this.scripts.commit<Enqueued>('enqueue', ...packBatch(fresh));
      if (changed !== 'large') return new Map(changed.map((id, i) => [fresh[i]!.executionId, id]));
    }
    return fresh.length === 0 || (await this.takeIn(fresh, [''])) ? new Map() : null;
  }

  /** @returns whether it is stored, which it is not where another request has taken one of its idempotency keys */
  private async takeIn(batch: readonly NewExecution[], acceptance: readonly string[]): Promise<boolean> {
    const id = this.scripts.nextOperation();
    const parts = partsOf(batch, this.createdAtOnce);
    if (!(await this.gather(id, parts))) return false;
    const accept = [id, parts.flat().length, ...acceptance];
    let accepted = await this.scripts.commit<number>('accept', ...accept);
    while (accepted === WAIT) {
      await this.scripts.commitRepeatable('admit', id);
      accepted = await this.scripts.commit<number>('accept', ...accept);
    }
    if (accepted === GONE) throw new StoreUnavailableError(TOO_SLOW);
    if (accepted === TAKEN) return false;
    try {
      while ((await this.scripts.commitRepeatable<number>('admit', id)) === 1);
    } catch {
      // It counts all the same, and whoever scheduled it must not do so again: maintenance goes on with it.
    }
    return true;
  }

  /** Puts a batch aside. @returns whether its idempotency keys are free */
  private async gather(id: string, parts: readonly Item[][]): Promise<boolean> {
    let isFree = false;
    try {
      for (const part of parts) {
        for (let taken = 0; taken < part.length;) {
          const more = await this.scripts.commit<number>('gather', id, ...packItems(part.slice(taken)));
          if (more === 0) return false;
          taken += more;
        }
      }
      isFree = true;
    } finally {
      if (!isFree) void this.scripts.commitRepeatable('refuse', id).catch(() => undefined);
    }
    return true;
  }
}

function requestOf(command: NewExecution): Request {
  const { executionId, taskId, idempotency } = command;
  if (idempotency === null) return { executionId, command };
  return { executionId, keyName: `${taskId}|${idempotency.key}`, fingerprint: idempotency.fingerprint, command };
}
