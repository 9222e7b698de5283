import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const sync = promisify(fdatasync);

/** Brings SQLite's write-ahead log to the disk, on a thread of its own instead of the event loop's. */
export class LogSync {
  private readonly file: number;

  /** The log must be there, and stays while its database is open. */
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
