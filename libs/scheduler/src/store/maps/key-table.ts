import { isLive } from '../../engine/idempotency.js';
import type { KeyRecord } from '../../engine/records.js';
import type { KeyTable } from '../../engine/tables.js';
import { KeyRow } from './key-row.js';
import type { Changed } from './changed.js';

export class MapsKeyTable implements KeyTable {
  /** In the order of expiry: all live equally long. */
  private readonly rows = new Map<string, KeyRow>();
  private readonly staged = new Map<string, KeyRecord>();

  constructor(private readonly s: { steadyTime(): number; touch(record: Changed): void }) {}

  get(keyName: string): KeyRecord | undefined {
    return this.staged.get(keyName) ?? this.rows.get(keyName);
  }

  stage(keyName: string, key: KeyRecord): void {
    this.staged.set(keyName, key);
  }

  /** Stores what is staged. */
  keepStaged(): void {
    for (const [keyName, { executionId, fingerprint, expiresAt }] of this.staged) {
      const row = new KeyRow(keyName, executionId, fingerprint, expiresAt);
      this.rows.delete(keyName);
      this.restore(row);
      this.s.touch(row);
    }
    this.dropStaged();
  }

  dropStaged(): void {
    // A Map makes a new table each time that it is cleared.
    if (this.staged.size > 0) this.staged.clear();
  }

  /** Adds one that was stored. */
  restore(row: KeyRow): void {
    this.rows.set(row.key, row);
  }

  stored(keyName: string): KeyRow | undefined {
    return this.rows.get(keyName);
  }

  /** Drops keys whose day is over. @returns how many */
  prune(limit: number): number {
    let done = 0;
    for (const row of this.rows.values()) {
      if (done >= limit || isLive(this.s, row)) break;
      this.rows.delete(row.key);
      this.s.touch(row);
      done++;
    }
    return done;
  }
}
