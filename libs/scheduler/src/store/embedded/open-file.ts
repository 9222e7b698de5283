import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreUnavailableError } from '../../core/errors.js';
import type { HistorySettings } from '../history-settings.js';
import type { Changed } from '../maps/changed.js';
import type { State } from '../maps/state.js';
import { Archive } from './archive.js';
import { Database, translate } from './database.js';
import { DiskSpace } from './disk-space.js';
import { NoRoom, type GroupDisk } from './group-commit.js';
import { load, type Orphans } from './load.js';
import { checkLog } from './log-check.js';
import { LogSync } from './log-sync.js';
import { keepPrivate } from './private-files.js';
import { Owner, type Sync } from './owner.js';
import type { Residents } from './residents.js';
import { loadSqlite, messageOf, SQLITE, sqliteCode } from './sqlite.js';
import { SetAside } from './set-aside.js';
import { Writer } from './writer.js';

/** What the file is opened for. */
export interface FileUser {
  path: string;
  sync: Sync;
  /** Empty; what is in the file is put into it. */
  state: State;
  residents: Residents;
  changed: Set<Changed>;
  limits: HistorySettings;
  now: () => number;
}

/** Below this, an I/O error is taken for what it most likely is: SQLite has no room for its shared memory. */
const NEXT_TO_NOTHING = 256 << 10;

/** The file while it is open: owned, checked, read into memory, and written to. */
export class OpenFile implements GroupDisk {
  private constructor(
    private readonly user: FileUser,
    private readonly owner: Owner,
    private readonly database: Database,
    readonly archive: Archive,
    private readonly writer: Writer,
    readonly space: DiskSpace,
    private readonly log: LogSync,
    readonly aside: SetAside,
    private orphans: Orphans | null,
  ) {}

  /**
   * @throws StoreInUseError, StoreDamagedError, StoreVersionError, StoreUnavailableError or MissingDependencyError;
   *   the file is then as it was
   */
  static async open(user: FileUser): Promise<OpenFile> {
    const Sqlite = await loadSqlite();
    const { path } = user;
    let owner: Owner | null = null;
    let database: Database | null = null;
    let hasLog = false;
    try {
      makeFolder(dirname(path));
      keepPrivate(path);
      owner = Owner.take(Sqlite, path);
      checkLog(path, owner.previous);
      hasLog = existsSync(`${path}-wal`);
      database = Database.open(Sqlite, path);
      owner.sign(user.sync, new Date(user.now()));
      const { state, residents, changed, limits } = user;
      const aside = new SetAside();
      const archive = new Archive(database, aside);
      const writer = new Writer(database, archive, state, residents, changed, limits);
      const orphans = load(database, archive, state, writer.totals, aside);
      residents.recallFrom(archive, state);
      const space = new DiskSpace(path, () => database!.checkpoint());
      database.limitLog(space.logBytes);
      return new OpenFile(user, owner, database, archive, writer, space, new LogSync(path), aside, orphans);
    } catch (error) {
      database?.close();
      if (hasLog) eraseIfMoved(path, owner!);
      owner?.leave();
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw translate(path, error);
      throw new StoreUnavailableError(`'${path}': ${messageOf(error)}`);
    }
  }

  /** What the opening has found, once. */
  takeOrphans(): Orphans {
    const orphans = this.orphans ?? { edges: [], workflows: [] };
    this.orphans = null;
    return orphans;
  }

  write(): boolean {
    this.space.nextTurn();
    const wrote = this.attempt() ?? this.attemptWithReserve();
    // While there is little room, the log takes none.
    if (wrote && !this.space.isHeld) this.database.checkpoint();
    return wrote;
  }

  async sync(): Promise<void> {
    try {
      await this.log.sync();
    } catch (error) {
      throw new StoreUnavailableError(`the disk of '${this.user.path}' has failed: ${messageOf(error)}`);
    }
  }

  /** @param complete whether all is on the disk; otherwise the next one to open it recovers */
  close(complete: boolean): void {
    this.log.close();
    if (complete) {
      this.database.checkpoint();
      // Before SQLite removes its log: a note without a log says that one is missing.
      this.owner.erase();
    }
    this.database.close();
    eraseIfMoved(this.user.path, this.owner);
    this.owner.leave();
  }

  /** null: there is no room for it. */
  private attempt(): boolean | null {
    try {
      return this.writer.write(this.user.now());
    } catch (error) {
      if (this.isFull(error)) return null;
      throw translate(this.user.path, error);
    }
  }

  /** Once more, when all has been given back that can be. */
  private attemptWithReserve(): boolean {
    this.space.release();
    this.database.checkpoint();
    const wrote = this.attempt();
    if (wrote === null) throw new NoRoom();
    return wrote;
  }

  private isFull(error: unknown): boolean {
    const code = sqliteCode(error);
    if (code === SQLITE.FULL) return true;
    if (code !== SQLITE.IOERR) return false;
    const { bavail, bsize } = statfsSync(dirname(this.user.path));
    return bavail * bsize < NEXT_TO_NOTHING;
  }
}

/** SQLite has moved all of its log to the database, and removed it, when it was closed: there is nothing to recover. */
function eraseIfMoved(path: string, owner: Owner): void {
  if (!existsSync(`${path}-wal`)) owner.erase();
}

/** With those above it, for the owner only. (The `recursive` of mkdir never returns where a file system refuses, as /proc.) */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}
