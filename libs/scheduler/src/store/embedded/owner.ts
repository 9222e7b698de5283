import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { StoreInUseError } from '../../core/errors.js';
import { translate } from './database.js';
import { SQLITE, sqliteCode, type OpenSqlite, type SqliteConnection } from './sqlite.js';

export type Sync = 'always' | 'interval';

/** Who has, or had, the file. */
export interface OwnerNote {
  pid: number;
  host: string;
  /** ISO 8601 */
  since: string;
  /** The boot of the machine, where it can be told: after another one, what was not synced may be lost. */
  boot: string | null;
  sync: Sync;
}

/**
 * One process at a time. The lock is the operating system's, so that it ends with its holder however that ends; a note
 * beside it says who that is.
 */
export class Owner {
  private constructor(
    private readonly lock: SqliteConnection,
    private readonly notePath: string,
    /** The one before, unless it has closed the file. */
    readonly previous: OwnerNote | null,
  ) {}

  /** @throws StoreInUseError naming the process that has it */
  static take(Sqlite: OpenSqlite, path: string): Owner {
    const notePath = `${path}-owner`;
    return new Owner(Owner.lockOf(Sqlite, path, notePath), notePath, readNote(notePath));
  }

  /** Leaves the note of this process, once what the one before has left is recovered. */
  sign(sync: Sync, now: Date): void {
    const note: OwnerNote = { pid: process.pid, host: hostname(), since: now.toISOString(), boot: bootId(), sync };
    try {
      writeFileSync(`${this.notePath}.new`, `${JSON.stringify(note)}\n`, { mode: 0o600 });
      renameSync(`${this.notePath}.new`, this.notePath);
    } catch (error) {
      // A full disk must not keep running work from being finished.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      rmSync(this.notePath, { force: true });
    }
  }

  /** Removes the note: there is nothing to recover. */
  erase(): void {
    rmSync(this.notePath, { force: true });
  }

  leave(): void {
    this.lock.close();
  }

  private static lockOf(Sqlite: OpenSqlite, path: string, notePath: string): SqliteConnection {
    let lock: SqliteConnection | null = null;
    try {
      lock = new Sqlite(`${path}-lock`);
      lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return lock;
    } catch (error) {
      lock?.close();
      if (sqliteCode(error) === SQLITE.BUSY) throw new StoreInUseError(path, readNote(notePath));
      throw translate(path, error);
    }
  }
}

/** Whether everything that was written still stands in memory of the system: it has not started anew since. */
export function isSameBoot({ boot, host }: OwnerNote): boolean {
  return boot !== null && boot === bootId() && host === hostname();
}

function readNote(path: string): OwnerNote | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as OwnerNote;
  } catch {
    return null;
  }
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
