import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { StoreInUseError } from '../../core/errors.js';
import { translate } from './database.js';
import { SQLITE, sqliteCode, type OpenSqlite, type SqliteConnection } from './sqlite.js';

export type Sync = 'always' | 'interval';

/** The process that has, or had, the file. */
export interface OwnerNote {
  pid: number;
  host: string;
  /** ISO 8601 */
  since: string;
  /** The boot id of the machine, if known: after another boot, changes that were not synced may be lost. */
  boot: string | null;
  sync: Sync;
}

/**
 * Allows one process at a time. The operating system releases the lock when the process ends; a note file names the process.
 */
export class Owner {
  private constructor(
    private readonly lock: SqliteConnection,
    private readonly notePath: string,
    /** The previous process; null: it has closed the file. */
    readonly previous: OwnerNote | null,
  ) {}

  /** @throws StoreInUseError naming the process that has the file */
  static take(Sqlite: OpenSqlite, path: string): Owner {
    const notePath = `${path}-owner`;
    return new Owner(Owner.lockFile(Sqlite, path, notePath), notePath, readNote(notePath));
  }

  /** Writes the note of this process, after the log of the previous one is recovered. */
  writeNote(sync: Sync, now: Date): void {
    const note: OwnerNote = { pid: process.pid, host: hostname(), since: now.toISOString(), boot: bootId(), sync };
    try {
      writeFileSync(`${this.notePath}.new`, `${JSON.stringify(note)}\n`, { mode: 0o600 });
      renameSync(`${this.notePath}.new`, this.notePath);
    } catch (error) {
      // A full disk must not prevent running work from finishing.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      rmSync(this.notePath, { force: true });
    }
  }

  /** Removes the note, as there is nothing to recover. */
  removeNote(): void {
    rmSync(this.notePath, { force: true });
  }

  unlock(): void {
    this.lock.close();
  }

  private static lockFile(Sqlite: OpenSqlite, path: string, notePath: string): SqliteConnection {
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

/** Whether the machine has not rebooted since, so all written data is still in the system's memory. */
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
