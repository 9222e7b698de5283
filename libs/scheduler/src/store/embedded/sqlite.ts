import { MissingDependencyError } from '../../core/errors.js';

export type SqlValue = string | number | null;
export type SqlRow = Record<string, SqlValue>;

export interface SqliteStatement {
  run(...values: SqlValue[]): unknown;
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
}

/** The part of `node:sqlite` that is used here. */
export interface SqliteConnection {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

export type OpenSqlite = new (path: string, options?: { readOnly?: boolean }) => SqliteConnection;

/** The same interface as a package, for Node without it. */
const DRIVER = '@photostructure/sqlite';

/** Result codes of SQLite (https://sqlite.org/rescode.html) that mean something to us. */
export const SQLITE = {
  ERROR: 1,
  BUSY: 5,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  NOTADB: 26,
} as const;

/**
 * SQLite: the package if it is installed, otherwise what Node brings.
 * @throws MissingDependencyError if there is neither
 */
export async function loadSqlite(): Promise<OpenSqlite> {
  try {
    return (await import('@photostructure/sqlite')).DatabaseSync;
  } catch {
    const builtin = process.getBuiltinModule?.('node:sqlite') as { DatabaseSync: OpenSqlite } | undefined;
    if (builtin) return builtin.DatabaseSync;
    throw new MissingDependencyError(DRIVER, `store 'embedded' on Node ${process.versions.node}`);
  }
}

/** SQLite's own words for them (sqlite3_errstr), where a driver passes on nothing else. */
const WORDS: readonly [string, number][] = [
  ['database disk image is malformed', SQLITE.CORRUPT],
  ['file is not a database', SQLITE.NOTADB],
  ['database or disk is full', SQLITE.FULL],
  ['disk I/O error', SQLITE.IOERR],
  ['database is locked', SQLITE.BUSY],
  ['attempt to write a readonly database', SQLITE.READONLY],
  ['unable to open database file', SQLITE.CANTOPEN],
];

/** The primary result code of what SQLite threw; null: it was something else. */
export function sqliteCode(error: unknown): number | null {
  const { errcode, code, message } = (error ?? {}) as { errcode?: unknown; code?: unknown; message?: unknown };
  if (typeof errcode === 'number') return errcode & 0xff;
  if (code !== 'ERR_SQLITE_ERROR') return null;
  return WORDS.find(([words]) => String(message).includes(words))?.[1] ?? SQLITE.ERROR;
}

/** What went wrong, without what each driver says before it. */
export function messageOf(error: unknown): string {
  const { errstr } = (error ?? {}) as { errstr?: unknown };
  if (typeof errstr === 'string') return errstr;
  return error instanceof Error ? error.message : String(error);
}
