// Imported, since fake timers of test frameworks replace the global.
import { setImmediate } from 'node:timers';
import type { Clock, ClockTimer } from '../../core/clock.js';
import type { Effect } from '../../core/effects.js';

/** Makes a group of calls durable. */
export interface GroupDisk {
  /** Writes all changes so far as one transaction. @returns whether there were any. @throws DiskFull: to be retried */
  write(): boolean;
  /** Resolves when all written data is on the disk itself. */
  sync(): Promise<void>;
}

/** There is currently no disk space for the write. */
export class DiskFull extends Error {}

interface Call {
  /** A query of the committed state, called after the write; null: none. */
  read: (() => void) | null;
  effects: readonly Effect[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

const RETRY_MS = 100;

/**
 * Group commit: the changes of all calls in one turn of the event loop are written as one transaction at its end. Once that is
 * durable, effects are emitted and calls return. Calls that arrive meanwhile form the next group, so a power cut affects at
 * most one group, and the event loop never waits for the disk.
 */
export class GroupCommit {
  private calls: Call[] = [];
  private scheduled = false;
  private syncing = false;
  private retryTimer: ClockTimer | null = null;
  private syncTimer: ClockTimer | null = null;
  private failure: Error | null = null;
  private idle: (() => void)[] = [];

  constructor(
    private readonly disk: GroupDisk,
    private readonly emit: (effects: readonly Effect[]) => void,
    /** Maximum ms from a return of a call to the sync of its changes; 0: sync before the return. */
    private readonly interval: number,
    /** The machine's clock, even with a test clock. */
    private readonly clock: Clock,
  ) {}

  /** Resolves with `result`, after emitting the effects, when all changes so far are durable. */
  commit<T>(result: T, effects: readonly Effect[]): Promise<T> {
    return new Promise((resolve, reject) => {
      this.add({ read: null, effects, resolve: () => resolve(result), reject: reject });
    });
  }

  /** Queries the state. Resolves when the data that it read is durable. */
  read<T>(read: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.calls.length === 0 && !this.syncing && this.failure === null) {
        resolve(read());
        return;
      }
      let settle: () => void;
      const run = (): void => {
        try {
          const found = read();
          settle = () => resolve(found);
        } catch (error) {
          settle = () => reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.add({ read: run, effects: [], resolve: () => settle(), reject: reject });
    });
  }

  /** @throws the error that stopped the store, if there is one */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }

  /** Stops writing, and rejects all calls from now on: after a failed write or sync, the state of the file is unknown. */
  fail(error: Error): void {
    this.failure ??= error;
    this.retryTimer?.cancel();
    this.syncTimer?.cancel();
    for (const call of this.calls.splice(0)) call.reject(error);
    this.resolveIdle();
  }

  /** Resolves when all calls so far have returned and their changes are on disk. */
  async drain(): Promise<void> {
    while (this.failure === null && (this.calls.length > 0 || this.syncing))
      await new Promise<void>((resolve) => this.idle.push(resolve));
    if (this.syncTimer) {
      this.syncTimer.cancel();
      this.syncTimer = null;
      await this.disk.sync();
    }
  }

  get hasFailed(): boolean {
    return this.failure !== null;
  }

  /** Whether calls wait for disk space. */
  get isWaitingForSpace(): boolean {
    return this.retryTimer !== null;
  }

  private add(call: Call): void {
    if (this.failure !== null) return call.reject(this.failure);
    this.calls.push(call);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.syncing || this.retryTimer !== null) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.write();
    });
  }

  private write(): void {
    if (this.failure !== null) return;
    let wrote: boolean;
    try {
      wrote = this.disk.write();
    } catch (error) {
      if (!(error instanceof DiskFull)) return this.fail(error as Error);
      this.retryTimer = this.clock.setTimer(RETRY_MS, () => {
        this.retryTimer = null;
        this.write();
      });
      return;
    }
    const group = this.calls;
    this.calls = [];
    for (const call of group) call.read?.();
    if (!wrote) return this.resolveGroup(group);
    if (this.interval > 0) {
      this.syncTimer ??= this.clock.setTimer(this.interval, () => void this.syncPending());
      return this.resolveGroup(group);
    }
    this.syncing = true;
    this.disk.sync().then(
      () => {
        this.syncing = false;
        this.resolveGroup(group);
      },
      (error: Error) => {
        this.syncing = false;
        for (const call of group) call.reject(error);
        this.fail(error);
      },
    );
  }

  private resolveGroup(group: readonly Call[]): void {
    for (const { effects, resolve } of group) {
      if (effects.length > 0) this.emit(effects);
      resolve();
    }
    if (this.calls.length > 0) this.schedule();
    else this.resolveIdle();
  }

  private async syncPending(): Promise<void> {
    this.syncTimer = null;
    try {
      await this.disk.sync();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private resolveIdle(): void {
    for (const resolve of this.idle.splice(0)) resolve();
  }
}
