import { statSync } from 'node:fs';
import { StoreDamagedError, StoreUnavailableError, StoreVersionError } from '../../core/errors.js';
import { checksum } from './checksum.js';
import { APPLICATION_ID, MIGRATIONS } from './schema.js';
import {
  messageOf,
  SQLITE,
  sqliteCode,
  type OpenSqlite,
  type SqliteConnection,
  type SqliteStatement,
} from './sqlite.js';

const PAGE_BYTES = 4096;
/** Up to this size, indexes are checked at open, which takes about a second. */
const FULL_CHECK_BYTES = 128 << 20;
const CACHE_KIB = 32 * 1024;

/** The SQLite file: checked and migrated at open; errors of SQLite are translated. */
export class Database {
  private constructor(
    readonly path: string,
    private readonly sqlite: SqliteConnection,
  ) {}

  /**
   * @throws StoreDamagedError, StoreVersionError, or StoreUnavailableError if it cannot be read or written
   */
  static open(Sqlite: OpenSqlite, path: string, migrations: readonly string[] = MIGRATIONS): Database {
    const database = Database.connect(Sqlite, path);
    try {
      database.check();
      database.migrate(migrations);
      // LogSync syncs the log, off the event loop; SQLite syncs at each checkpoint.
      database.exec(`PRAGMA synchronous = NORMAL; PRAGMA cache_size = -${CACHE_KIB}`);
      database.checkpoint();
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  private static connect(Sqlite: OpenSqlite, path: string): Database {
    try {
      const database = new Database(path, new Sqlite(path));
      database.exec('PRAGMA journal_mode = WAL');
      return database;
    } catch (error) {
      throw translate(path, error);
    }
  }

  exec(sql: string): void {
    try {
      this.sqlite.exec(sql);
    } catch (error) {
      throw translate(this.path, error);
    }
  }

  /** @throws StoreDamagedError if the schema has been changed */
  prepare(sql: string): SqliteStatement {
    try {
      return this.sqlite.prepare(sql);
    } catch (error) {
      if (sqliteCode(error) === SQLITE.ERROR) throw new StoreDamagedError(this.path, messageOf(error));
      throw translate(this.path, error);
    }
  }

  rows<T>(statement: SqliteStatement, ...values: (string | number | null)[]): T[] {
    try {
      return statement.all(...values) as T[];
    } catch (error) {
      throw translate(this.path, error);
    }
  }

  /** Runs `write` as one transaction: afterwards all of it is in the log, or nothing. Errors are not translated. */
  transaction(write: () => void): void {
    this.sqlite.exec('BEGIN IMMEDIATE');
    try {
      write();
      this.sqlite.exec('COMMIT');
    } catch (error) {
      try {
        this.sqlite.exec('ROLLBACK');
      } catch {
        // SQLite has rolled back by itself.
      }
      throw error;
    }
  }

  /** Sets the size of the log at which SQLite moves it to the database. */
  limitLog(bytes: number): void {
    this.exec(`PRAGMA wal_autocheckpoint = ${Math.max(1, Math.floor(bytes / PAGE_BYTES))}`);
  }

  /** Moves the log to the database and truncates it, so it takes no space. */
  checkpoint(): void {
    try {
      this.sqlite.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    } catch (error) {
      if (sqliteCode(error) !== SQLITE.FULL) throw translate(this.path, error);
    }
  }

  close(): void {
    this.sqlite.close();
  }

  /** @throws StoreDamagedError if the texts differ from those that were written */
  verify(what: string, sum: number, ...texts: (string | null)[]): void {
    const isText = texts.every((text) => text === null || typeof text === 'string');
    if (!isText || checksum(...texts) !== sum)
      throw new StoreDamagedError(this.path, `the checksum of ${what} does not match the stored data`);
  }

  /** Checks every page, and in a file that is not too large every index. Rows have their own checksums. */
  private check(): void {
    const large = statSync(this.path).size > FULL_CHECK_BYTES;
    const statement = this.prepare(`PRAGMA ${large ? 'quick_check' : 'integrity_check'}(3)`);
    const found = this.rows<Record<string, string>>(statement).flatMap((row) => Object.values(row));
    if (found.join() !== 'ok') throw new StoreDamagedError(this.path, found.join('; '));
  }

  private migrate(migrations: readonly string[]): void {
    const [{ user_version: found }] = this.rows<{ user_version: number }>(this.prepare('PRAGMA user_version')) as [
      { user_version: number },
    ];
    if (found > migrations.length)
      throw new StoreVersionError(
        `'${this.path}' with schema ${found}`,
        `schema ${migrations.length} or below, or a newer release`,
      );
    if (found === migrations.length) return;
    if (found === 0 && this.rows(this.prepare('SELECT 1 FROM sqlite_schema')).length > 0)
      throw new StoreUnavailableError(`'${this.path}' is a database of another program`);
    try {
      this.transaction(() => {
        for (const migration of migrations.slice(found)) this.sqlite.exec(migration);
        this.sqlite.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`);
      });
    } catch (error) {
      throw translate(this.path, error);
    }
  }
}

/** The typed error for an error of SQLite. */
export function translate(path: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === SQLITE.CORRUPT || code === SQLITE.NOTADB) return new StoreDamagedError(path, messageOf(error));
  return code === null ? error : new StoreUnavailableError(`'${path}': ${messageOf(error)}`);
}
