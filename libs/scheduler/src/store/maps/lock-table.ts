import type { LockTable } from '../../engine/tables.js';
import { Heap } from './heap.js';
import type { Changed } from './changed.js';
import { LockRow } from './rows.js';

/** What the tables need of the state. */
export interface LockState {
  readonly now: number;
  waitingForLock: number;
  nextNumber(): number;
  touch(record: Changed): void;
}

export class MapsLockTable implements LockTable {
  /** Those with an instant, by it. */
  readonly expiries = new Heap<LockRow>();
  private readonly rows = new Map<string, LockRow>();

  constructor(private readonly s: LockState) {}

  get size(): number {
    return this.rows.size;
  }

  values(): Iterable<LockRow> {
    return this.rows.values();
  }

  get(key: string | undefined): LockRow | undefined {
    return key === undefined ? undefined : this.rows.get(key);
  }

  create(key: string): LockRow {
    const lock = new LockRow(key, this.s.nextNumber());
    this.rows.set(key, lock);
    this.touch(lock);
    return lock;
  }

  /** Adds a lock that was stored. One that is free is examined at its instant, or at once. */
  restore(lock: LockRow): void {
    this.rows.set(lock.key, lock);
    this.expiries.push(lock);
  }

  touch(lock: LockRow): void {
    this.s.touch(lock);
  }

  delete(lock: LockRow): void {
    this.expiries.remove(lock);
    this.rows.delete(lock.key);
    this.touch(lock);
  }

  setAt(lock: LockRow, at: number): void {
    this.expiries.remove(lock);
    lock.at = at;
    this.expiries.push(lock);
    this.touch(lock);
  }

  clearAt(lock: LockRow): void {
    this.expiries.remove(lock);
    lock.at = 0;
    this.touch(lock);
  }

  eachDue(expire: (lock: LockRow) => void): number {
    const due: LockRow[] = [];
    const { now } = this.s;
    for (let lock = this.expiries.popDue(now); lock; lock = this.expiries.popDue(now)) due.push(lock);
    for (const lock of due) expire(lock);
    return due.length;
  }
}
