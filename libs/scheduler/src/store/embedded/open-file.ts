import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreUnavailableError } from '../../core/errors.js';
import type { HistorySettings } from '../history-settings.js';
import type { Changed } from '../maps/changed.js';
import type { State } from '../maps/state.js';
import { Archive } from './archive.js';
import { Database, translate } from './database.js';
import { DiskSpace } from './disk-space.js';
import { DiskFull, type GroupDisk } from './group-commit.js';
import { load, type Orphans } from './load.js';
import { checkLog } from './log-check.js';
import { LogSync } from './log-sync.js';
import { keepPrivate } from './private-files.js';
import { Owner, type Sync } from './owner.js';
import type { WorkingSet } from './working-set.js';
import { loadSqlite, messageOf, SQLITE, sqliteCode } from './sqlite.js';
import { SetAside } from './set-aside.js';
import { Writer } from './writer.js';

/** The store that opens the file, and its settings. */
export interface FileContext {
  path: string;
  sync: Sync;
  /** Empty; it is filled from the file. */
  state: State;
  workingSet: WorkingSet;
  changed: Set<Changed>;
  limits: HistorySettings;
  now: () => number;
}

/** With less free space, an I/O error most likely means that SQLite has no space for its shared memory. */
const ALMOST_FULL_BYTES = 256 << 10;

/** An open file: locked, checked, and loaded into memory. */
export class OpenFile implements GroupDisk {
  private constructor(
    private readonly context: FileContext,
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
   *   the file is then unchanged
   */
  static async open(context: FileContext): Promise<OpenFile> {
    const Sqlite = await loadSqlite();
    const { path } = context;
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
      owner.writeNote(context.sync, new Date(context.now()));
      const { state, workingSet, changed, limits } = context;
      const aside = new SetAside();
      const archive = new Archive(database, aside);
      const writer = new Writer(database, archive, state, workingSet, changed, limits);
      const orphans = load(database, archive, state, writer.totals, aside);
      workingSet.attach(archive, state);
      const space = new DiskSpace(path, () => database!.checkpoint());
      database.limitLog(space.logBytes);
      return new OpenFile(context, owner, database, archive, writer, space, new LogSync(path), aside, orphans);
    } catch (error) {
      database?.close();
      if (hasLog) removeNoteIfMoved(path, owner!);
      owner?.unlock();
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw translate(path, error);
      throw new StoreUnavailableError(`'${path}': ${messageOf(error)}`);
    }
  }

  /** The orphans found at open; once. */
  takeOrphans(): Orphans {
    const orphans = this.orphans ?? { edges: [], workflows: [], kept: [], waiting: [] };
    this.orphans = null;
    return orphans;
  }

  write(): boolean {
    this.space.nextTurn();
    const wrote = this.attempt() ?? this.attemptWithReserve();
    // While space is short, the log is kept empty.
    if (wrote && !this.space.isReserved) this.database.checkpoint();
    return wrote;
  }

  async sync(): Promise<void> {
    try {
      await this.log.sync();
    } catch (error) {
      throw new StoreUnavailableError(`the disk of '${this.context.path}' has failed: ${messageOf(error)}`);
    }
  }

  /** @param complete whether all changes are on disk; if not, the next open recovers */
  close(complete: boolean): void {
    this.log.close();
    if (complete) {
      this.database.checkpoint();
      // Before SQLite removes its log: a note without a log means that the log is missing.
      this.owner.removeNote();
    }
    this.database.close();
    removeNoteIfMoved(this.context.path, this.owner);
    this.owner.unlock();
  }

  /** null: there is no space. */
  private attempt(): boolean | null {
    try {
      return this.writer.write(this.context.now());
    } catch (error) {
      if (this.isFull(error)) return null;
      throw translate(this.context.path, error);
    }
  }

  /** Retries after freeing all space that can be freed. */
  private attemptWithReserve(): boolean {
    this.space.release();
    this.database.checkpoint();
    const wrote = this.attempt();
    if (wrote === null) throw new DiskFull();
    return wrote;
  }

  private isFull(error: unknown): boolean {
    const code = sqliteCode(error);
    if (code === SQLITE.FULL) return true;
    if (code !== SQLITE.IOERR) return false;
    const { bavail, bsize } = statfsSync(dirname(this.context.path));
    return bavail * bsize < ALMOST_FULL_BYTES;
  }
}

/** Removes the note if SQLite has removed its log at close: there is nothing to recover. */
function removeNoteIfMoved(path: string, owner: Owner): void {
  if (!existsSync(`${path}-wal`)) owner.removeNote();
}

/** Creates a folder and its parents, for the owner only. (`recursive` of mkdir never returns on file systems like /proc.) */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}
