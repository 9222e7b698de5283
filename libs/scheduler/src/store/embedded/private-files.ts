import { chmodSync, closeSync, openSync, statSync } from 'node:fs';

const PRIVATE = 0o600;
const OTHERS = 0o077;
/** What is opened by SQLite, which gives its log and its index of the log the rights of the database. */
const OPENED = ['', '-lock'];
/** What an earlier run may have left with the rights of its time. */
const LEFT = ['-wal', '-shm', '-journal', '-lock-journal', '-reserve', '-owner'];

/**
 * Makes the files of a store readable and writable for their owner only, whatever the umask says: payloads stand in them, and
 * who may read the lock file can lock the store out. Files of another owner stay as they are.
 */
export function keepPrivate(path: string): void {
  if (process.platform === 'win32') return;
  for (const end of OPENED) make(path + end);
  for (const end of [...OPENED, ...LEFT]) restrict(path + end);
}

function make(path: string): void {
  try {
    closeSync(openSync(path, 'ax', PRIVATE));
  } catch {
    // It is there, or what is wrong with the path is said when SQLite opens it.
  }
}

function restrict(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile() || found.uid !== process.geteuid?.() || (found.mode & OTHERS) === 0) return;
  chmodSync(path, found.mode & ~OTHERS & 0o777);
}
