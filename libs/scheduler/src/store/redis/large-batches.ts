import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { StoreUnavailableError } from '../../core/errors.js';
import type { ScriptArgument } from './connection/redis-connection.js';
import { packBatch } from './enqueue.js';
import { isLarge, isTooMany, packAcceptance, packItems, partsOf, type Item } from './intake.js';
import { dedupe, nameOf, type Deduped, type Given } from './keyed-batch.js';

/** Idempotency keys that one script looks up. */
const KEYS_AT_ONCE = 500;
const TOO_SLOW = 'the parts of the batch took too long to arrive; nothing of it is stored';

/** Replies of the script `accept`. */
const GONE = 0;
const TAKEN = 2;
const WAIT = 3;

/** What the script `enqueue` returns: ids where they differ from those given; or what it waits for is too large for it. */
export type Enqueued = string[] | 'large';

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
      const { fresh, answers } = await this.withoutRepeats(batch);
      const ids = await this.storeFresh(fresh);
      if (ids) return answers.map((each) => (typeof each === 'string' ? each : ids[each]!));
      // Another request was faster with one of the keys, so that there is one more repeat.
    }
  }

  async startWorkflow(workflow: NewWorkflow, executions: readonly NewExecution[]): Promise<void> {
    await this.takeIn(executions, packAcceptance(workflow));
  }

  private async withoutRepeats(batch: readonly NewExecution[]): Promise<Deduped> {
    const keyed = batch.filter((each) => each.idempotency !== null);
    const given = new Map<string, Given>();
    for (let from = 0; from < keyed.length; from += KEYS_AT_ONCE) {
      const part = keyed.slice(from, from + KEYS_AT_ONCE);
      const args = part.flatMap((each) => [each.executionId, nameOf(each)]);
      const found = await this.scripts.look<string[]>('findKeys', ...args);
      for (const [i, { executionId }] of part.entries()) {
        const [earlier, fingerprint] = [found[2 * i]!, found[2 * i + 1]!];
        if (earlier !== '') given.set(executionId, { executionId: earlier, fingerprint });
      }
    }
    return dedupe(batch, given);
  }

  /** @returns their ids, or those that they repeat; null: another request has taken a key of them, and nothing is stored */
  private async storeFresh(fresh: readonly NewExecution[]): Promise<string[] | null> {
    const ids = fresh.map((each) => each.executionId);
    if (fresh.length === 0) return ids;
    if (!this.isLarge(fresh)) {
      const changed = await this.scripts.commit<Enqueued>('enqueue', ...packBatch(fresh));
      if (changed !== 'large') return changed.length > 0 ? changed : ids;
    }
    return (await this.takeIn(fresh, [''])) ? ids : null;
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
