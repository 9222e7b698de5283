import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreFullError } from '../../core/errors.js';

/** Maximum size of the log: 8 MiB, or less on a small disk. */
const LOG_BYTES = 8 << 20;
const LOG_SHARE = 1 / 8;
/** Overhead of a batch: pages of trees and of the log. */
const OVERHEAD_BYTES = 128 << 10;
/** A batch is written to the log and to the database, and its executions to history when they end. */
const COPIES = 3;

/**
 * Free-space guard. Rejects new work if disk space is short; a reserve file keeps space for finishing current work.
 */
export class DiskSpace {
  private readonly reservePath: string;
  /** Maximum size of the log, and size of the reserve: a full disk then has space to move the log into the database. */
  readonly logBytes: number;
  private hasReserve = false;
  private free: number | null = null;

  constructor(
    private readonly path: string,
    /** Frees space without loss. */
    private readonly reclaim: () => void,
  ) {
    this.reservePath = `${path}-reserve`;
    const { blocks, bsize } = statfsSync(dirname(path));
    this.logBytes = Math.min(LOG_BYTES, Math.floor(blocks * bsize * LOG_SHARE));
    this.createReserve();
  }

  /** @throws StoreFullError unless there is space for new work of `bytes` */
  require(bytes: number): void {
    const needed = bytes * COPIES + OVERHEAD_BYTES;
    if (this.freeBytes() < needed) {
      this.reclaim();
      this.free = null;
    }
    if (!this.hasReserve && this.freeBytes() >= needed + this.logBytes) this.createReserve();
    if (!this.hasReserve || this.freeBytes() < needed)
      throw new StoreFullError(`the disk of '${this.path}' has ${this.freeBytes()} bytes free, ${needed} are needed`);
    this.free! -= needed;
  }

  /** Whether the reserve exists. */
  get isReserved(): boolean {
    return this.hasReserve;
  }

  /** Frees the reserve for current work. */
  release(): void {
    this.hasReserve = false;
    rmSync(this.reservePath, { force: true });
  }

  /** Starts a turn of the event loop: free space is read once a turn. */
  nextTurn(): void {
    this.free = null;
  }

  private freeBytes(): number {
    if (this.free === null) {
      const { bavail, bsize } = statfsSync(dirname(this.path));
      this.free = bavail * bsize;
    }
    return this.free;
  }

  private createReserve(): void {
    this.free = null;
    try {
      const size = statSync(this.reservePath, { throwIfNoEntry: false })?.size;
      if (size !== this.logBytes) this.fill();
      this.hasReserve = true;
    } catch {
      this.release();
    }
  }

  private fill(): void {
    const file = openSync(this.reservePath, 'w', 0o600);
    try {
      for (let left = this.logBytes; left > 0;) left -= writeSync(file, Buffer.alloc(Math.min(left, 1 << 16)));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}
