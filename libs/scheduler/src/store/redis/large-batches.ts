import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { IdempotencyConflictError, StoreUnavailableError } from '../../core/errors.js';
import type { ScriptArgument } from './connection/redis-connection.js';
import { packBatch } from './enqueue.js';
import { deduplicate, type Earlier } from '../../engine/idempotency.js';
import type { KeyedRequest, KeyRecord } from '../../engine/records.js';
import { isLarge, packCommit, packItems, partsOf, type StagedItem } from './bulk-insert.js';

/** Idempotency keys that one script reads. */
const KEYS_PER_CALL = 500;
const EXPIRED_MESSAGE = 'the parts of the batch arrived too slowly; nothing of it is stored';

/** Replies of the script `commitBatch`. */
const EXPIRED = 0;
const CONFLICT = 2;
const WAIT = 3;

/** Reply of the script `enqueue`: ids if they differ from those given; 'large': its upstreams are too large for one script. */
export type Enqueued = string[] | 'large' | `${number}|${number}|${number}`;

/** A new execution, as the engine deduplicates it. */
interface Request extends KeyedRequest {
  readonly command: NewExecution;
}

type Send = <T>(script: string, ...args: ScriptArgument[]) => Promise<T>;

/** Sends scripts, see `RedisStoreBase`. */
export interface Scripts {
  query: Send;
  commit: Send;
  commitRepeatable: Send;
  nextOperation(): string;
}

/**
 * Stores batches that are too large for one script, in bounded steps, all or nothing: the parts are staged, the batch is
 * committed, then its executions are inserted. After the commit, the maintenance of any node can insert the rest.
 */
export class LargeBatches {
  constructor(
    private readonly scripts: Scripts,
    private readonly insertsPerCall: number,
  ) {}

  isLarge(batch: readonly NewExecution[]): boolean {
    return isLarge(batch, this.insertsPerCall);
  }

  /** @returns ids in the order given; for a repeated idempotency key, the id of the first */
  async enqueue(batch: readonly NewExecution[]): Promise<string[]> {
    for (;;) {
      const { ids, fresh } = await this.withoutRepeats(batch);
      const stored = await this.storeFresh(fresh);
      if (stored) return ids.map((id) => stored.get(id) ?? id);
      // Another request has stored one of the keys first: that execution is a repeat now.
    }
  }

  async startWorkflow(workflow: NewWorkflow, executions: readonly NewExecution[]): Promise<void> {
    await this.insertInSteps(executions, packCommit(workflow));
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
    for (let from = 0; from < keyed.length; from += KEYS_PER_CALL) {
      const part = keyed.slice(from, from + KEYS_PER_CALL);
      const args = part.flatMap(({ executionId, keyName }) => [executionId, keyName!]);
      const found = await this.scripts.query<string[]>('findKeys', ...args);
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

  /** @returns the execution that each is or repeats; null: another request stored one of their keys, nothing is stored */
  private async storeFresh(fresh: readonly NewExecution[]): Promise<Map<string, string> | null> {
    if (fresh.length > 0 && !this.isLarge(fresh)) {
      const changed = await this.scripts.commit<Enqueued>('enqueue', ...packBatch(fresh));
      if (typeof changed === 'object') return new Map(changed.map((id, i) => [fresh[i]!.executionId, id]));
    }
    return fresh.length === 0 || (await this.insertInSteps(fresh, [''])) ? new Map() : null;
  }

  /** @returns whether it is stored; false if another request has stored one of its idempotency keys */
  private async insertInSteps(batch: readonly NewExecution[], workflowArgs: readonly string[]): Promise<boolean> {
    const id = this.scripts.nextOperation();
    const parts = partsOf(batch, this.insertsPerCall);
    if (!(await this.stage(id, parts))) return false;
    const commitArgs = [id, parts.flat().length, ...workflowArgs];
    let outcome = await this.scripts.commit<number>('commitBatch', ...commitArgs);
    while (outcome === WAIT) {
      await this.scripts.commitRepeatable('insertBatch', id);
      outcome = await this.scripts.commit<number>('commitBatch', ...commitArgs);
    }
    if (outcome === EXPIRED) throw new StoreUnavailableError(EXPIRED_MESSAGE);
    if (outcome === CONFLICT) return false;
    try {
      while ((await this.scripts.commitRepeatable<number>('insertBatch', id)) === 1);
    } catch {
      // The batch is committed and must not be scheduled again; maintenance inserts the rest.
    }
    return true;
  }

  /** Stages the parts of a batch. @returns whether its idempotency keys are free */
  private async stage(id: string, parts: readonly StagedItem[][]): Promise<boolean> {
    let isFree = false;
    try {
      for (const part of parts) {
        for (let staged = 0; staged < part.length;) {
          const count = await this.scripts.commit<number>('stageBatch', id, ...packItems(part.slice(staged)));
          if (count === 0) return false;
          staged += count;
        }
      }
      isFree = true;
    } finally {
      if (!isFree) void this.scripts.commitRepeatable('abortBatch', id).catch(() => undefined);
    }
    return true;
  }
}

function requestOf(command: NewExecution): Request {
  const { executionId, taskId, idempotency } = command;
  if (idempotency === null) return { executionId, command };
  return { executionId, keyName: `${taskId}|${idempotency.key}`, fingerprint: idempotency.fingerprint, command };
}
