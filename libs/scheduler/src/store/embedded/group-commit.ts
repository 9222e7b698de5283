// Of the module: fake timers of a test framework replace the global one.
import { setImmediate } from 'node:timers';
import type { Clock, ClockTimer } from '../../core/clock.js';
import type { Effect } from '../../core/effects.js';

/** How a group of calls gets to the disk. */
export interface GroupDisk {
  /** Writes all changes so far as one transaction. @returns whether there were any. @throws NoRoom to be asked again */
  write(): boolean;
  /** Resolves when all that was written is on the disk itself. */
  sync(): Promise<void>;
}

/** There is no room for the write, now. */
export class NoRoom extends Error {}

interface Call {
  /** A look at what is committed, just after the write. */
  look: (() => void) | null;
  effects: readonly Effect[];
  answer: () => void;
  refuse: (error: unknown) => void;
}

const RETRY_MS = 100;

/**
 * Group commit: the calls of one turn of the event loop are written as one transaction at its end; effects are told and
 * calls answered when that is durable. While one group waits for the disk, the calls that come form the next one, so
 * that at most one group is in doubt after a power cut, and the event loop never waits for the disk.
 */
export class GroupCommit {
  private calls: Call[] = [];
  private scheduled = false;
  private syncing = false;
  private retry: ClockTimer | null = null;
  private unsynced: ClockTimer | null = null;
  private failure: Error | null = null;
  private idle: (() => void)[] = [];

  constructor(
    private readonly disk: GroupDisk,
    private readonly tell: (effects: readonly Effect[]) => void,
    /** ms that the disk may be behind an answer; 0: never. */
    private readonly interval: number,
    /** The disk's time: the machine's, whatever time the scheduler has. */
    private readonly clock: Clock,
  ) {}

  /** Answers with `result`, and tells the effects before, when all that was changed so far is durable. */
  commit<T>(result: T, effects: readonly Effect[]): Promise<T> {
    return new Promise((resolve, reject) => {
      this.add({ look: null, effects, answer: () => resolve(result), refuse: reject });
    });
  }

  /** A look at the state, answered when what it saw is durable. */
  read<T>(look: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.calls.length === 0 && !this.syncing && this.failure === null) {
        resolve(look());
        return;
      }
      let seen: () => void;
      const see = (): void => {
        try {
          const found = look();
          seen = () => resolve(found);
        } catch (error) {
          seen = () => reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.add({ look: see, effects: [], answer: () => seen(), refuse: reject });
    });
  }

  /** @throws what made the disk fail, if it has */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }

  /** Nothing is written any more; calls are refused. What went wrong once is not tried again as if it had not. */
  fail(error: Error): void {
    this.failure ??= error;
    this.retry?.cancel();
    this.unsynced?.cancel();
    for (const call of this.calls.splice(0)) call.refuse(error);
    this.rest();
  }

  /** Resolves when every call so far is answered, and the disk is not behind. */
  async drain(): Promise<void> {
    while (this.failure === null && (this.calls.length > 0 || this.syncing))
      await new Promise<void>((resolve) => this.idle.push(resolve));
    if (this.unsynced) {
      this.unsynced.cancel();
      this.unsynced = null;
      await this.disk.sync();
    }
  }

  get hasFailed(): boolean {
    return this.failure !== null;
  }

  /** Whether calls wait for room on the disk. */
  get isStuck(): boolean {
    return this.retry !== null;
  }

  private add(call: Call): void {
    if (this.failure !== null) return call.refuse(this.failure);
    this.calls.push(call);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.syncing || this.retry !== null) return;
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
      if (!(error instanceof NoRoom)) return this.fail(error as Error);
      this.retry = this.clock.setTimer(RETRY_MS, () => {
        this.retry = null;
        this.write();
      });
      return;
    }
    const group = this.calls;
    this.calls = [];
    for (const call of group) call.look?.();
    if (!wrote) return this.answer(group);
    if (this.interval > 0) {
      this.unsynced ??= this.clock.setTimer(this.interval, () => void this.catchUp());
      return this.answer(group);
    }
    this.syncing = true;
    this.disk.sync().then(
      () => {
        this.syncing = false;
        this.answer(group);
      },
      (error: Error) => {
        this.syncing = false;
        for (const call of group) call.refuse(error);
        this.fail(error);
      },
    );
  }

  private answer(group: readonly Call[]): void {
    for (const { effects, answer } of group) {
      if (effects.length > 0) this.tell(effects);
      answer();
    }
    if (this.calls.length > 0) this.schedule();
    else this.rest();
  }

  private async catchUp(): Promise<void> {
    this.unsynced = null;
    try {
      await this.disk.sync();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private rest(): void {
    for (const resolve of this.idle.splice(0)) resolve();
  }
}
