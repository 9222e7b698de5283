import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const sync = promisify(fdatasync);

/** Syncs SQLite's write-ahead log to disk, in a thread of the pool. */
export class LogSync {
  private readonly file: number;

  /** The log must exist; it does as long as the database is open. */
  constructor(path: string) {
    this.file = openSync(`${path}-wal`, 'r+');
    if (process.platform === 'win32') return;
    const folder = openSync(dirname(path), 'r');
    fsyncSync(folder);
    closeSync(folder);
  }

  sync(): Promise<void> {
    return sync(this.file);
  }

  close(): void {
    closeSync(this.file);
  }
}
