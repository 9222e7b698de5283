import { MissingDependencyError } from '../../core/errors.js';
import { isPackageMissing } from '../../core/missing-package.js';

export type SqlValue = string | number | null;

export interface SqliteStatement {
  run(...values: SqlValue[]): unknown;
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
}

/** The used part of `node:sqlite`. */
export interface SqliteConnection {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

export type OpenSqlite = new (path: string, options?: { readOnly?: boolean }) => SqliteConnection;

interface SqliteModule {
  DatabaseSync: OpenSqlite;
}

/** A package with the same interface, for Node versions without `node:sqlite`. */
const DRIVER = '@photostructure/sqlite';
const PLACE = 'its native part must be installed on this platform, and the package must be external to a bundle';

/** The handled result codes of SQLite (https://sqlite.org/rescode.html). */
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
 * Loads SQLite: the package if it is installed, otherwise `node:sqlite`.
 * @throws MissingDependencyError if there is neither; with the reason if the package is installed and does not load
 */
export async function loadSqlite(
  load = importDriver,
  builtin: SqliteModule | null = findBuiltin(),
): Promise<OpenSqlite> {
  try {
    return (await load()).DatabaseSync;
  } catch (error) {
    if (builtin) return builtin.DatabaseSync;
    const { message } = error as Error;
    throw new MissingDependencyError(
      DRIVER,
      `store 'embedded' on Node ${process.versions.node}`,
      isPackageMissing(error, DRIVER) ? undefined : `it does not load: ${message.split('\n', 1)[0]}; ${PLACE}`,
    );
  }
}

/** The catch tells bundlers that the package is optional. */
function importDriver(): Promise<SqliteModule> {
  return import('@photostructure/sqlite').catch((error: Error) => {
    throw error;
  });
}

function findBuiltin(): SqliteModule | null {
  return (process.getBuiltinModule?.('node:sqlite') as SqliteModule | undefined) ?? null;
}

/** SQLite's messages (sqlite3_errstr), for drivers that report no code. */
const MESSAGES: readonly [string, number][] = [
  ['database disk image is malformed', SQLITE.CORRUPT],
  ['file is not a database', SQLITE.NOTADB],
  ['database or disk is full', SQLITE.FULL],
  ['disk I/O error', SQLITE.IOERR],
  ['database is locked', SQLITE.BUSY],
  ['attempt to write a readonly database', SQLITE.READONLY],
  ['unable to open database file', SQLITE.CANTOPEN],
];

/** The primary result code of an error; null: it is not from SQLite. */
export function sqliteCode(error: unknown): number | null {
  const { errcode, code, message } = (error ?? {}) as { errcode?: unknown; code?: unknown; message?: unknown };
  if (typeof errcode === 'number') return errcode & 0xff;
  if (code !== 'ERR_SQLITE_ERROR') return null;
  return MESSAGES.find(([words]) => String(message).includes(words))?.[1] ?? SQLITE.ERROR;
}

/** The message without the prefix of the driver. */
export function messageOf(error: unknown): string {
  const { errstr } = (error ?? {}) as { errstr?: unknown };
  if (typeof errstr === 'string') return errstr;
  return error instanceof Error ? error.message : String(error);
}
