import { chmodSync, closeSync, openSync, statSync } from 'node:fs';

const PRIVATE = 0o600;
const OTHERS = 0o077;
/** Files that SQLite opens; it gives its log and index of the log the mode of the database. */
const SQLITE_FILES = ['', '-lock'];
/** Files that an earlier run may have left with another mode. */
const OTHER_FILES = ['-wal', '-shm', '-journal', '-lock-journal', '-reserve', '-owner'];

/**
 * Makes the files of a store readable and writable for their owner only, regardless of the umask: they contain payloads, and
 * a process that can read the lock file can block the store. Files of another owner are not changed.
 */
export function keepPrivate(path: string): void {
  if (process.platform === 'win32') return;
  for (const end of SQLITE_FILES) make(path + end);
  for (const end of [...SQLITE_FILES, ...OTHER_FILES]) restrict(path + end);
}

function make(path: string): void {
  try {
    closeSync(openSync(path, 'ax', PRIVATE));
  } catch {
    // It exists, or SQLite reports what is wrong with the path.
  }
}

function restrict(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile() || found.uid !== process.geteuid?.() || (found.mode & OTHERS) === 0) return;
  chmodSync(path, found.mode & ~OTHERS & 0o777);
}
