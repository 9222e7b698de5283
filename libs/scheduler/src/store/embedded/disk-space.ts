import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreFullError } from '../../core/errors.js';

/** How large the log may grow: 8 MiB, or less where the whole disk is small. */
const LOG_BYTES = 8 << 20;
const LOG_SHARE = 1 / 8;
/** What a batch costs beside its own bytes: pages of trees and of the log. */
const OVERHEAD_BYTES = 128 << 10;
/** A batch is written to the log and to the database, and its end to history. */
const COPIES = 3;

/**
 * Room on the disk. New work is taken only while there is room for it; a file beside the database holds back what it
 * takes to bring to an end what is under way.
 */
export class DiskSpace {
  private readonly reserve: string;
  /** How large the log may grow, and the reserve is: a full disk then has room to move the one into the database. */
  readonly logBytes: number;
  private held = false;
  private free: number | null = null;

  constructor(
    private readonly path: string,
    /** Gives back what can be given back without loss. */
    private readonly reclaim: () => void,
  ) {
    this.reserve = `${path}-reserve`;
    const { blocks, bsize } = statfsSync(dirname(path));
    this.logBytes = Math.min(LOG_BYTES, Math.floor(blocks * bsize * LOG_SHARE));
    this.hold();
  }

  /** @throws StoreFullError unless there is room for new work of so many bytes */
  admit(bytes: number): void {
    const needed = bytes * COPIES + OVERHEAD_BYTES;
    if (this.freeBytes() < needed) {
      this.reclaim();
      this.free = null;
    }
    if (!this.held && this.freeBytes() >= needed + this.logBytes) this.hold();
    if (!this.held || this.freeBytes() < needed)
      throw new StoreFullError(`the disk of '${this.path}' has ${this.freeBytes()} bytes free, ${needed} are needed`);
    this.free! -= needed;
  }

  /** Whether the reserve is still there. */
  get isHeld(): boolean {
    return this.held;
  }

  /** Frees the reserve for what is under way. */
  release(): void {
    this.held = false;
    rmSync(this.reserve, { force: true });
  }

  /** Free space is asked for once a turn. */
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

  private hold(): void {
    this.free = null;
    try {
      const there = statSync(this.reserve, { throwIfNoEntry: false })?.size;
      if (there !== this.logBytes) this.fill();
      this.held = true;
    } catch {
      this.release();
    }
  }

  private fill(): void {
    const file = openSync(this.reserve, 'w', 0o600);
    try {
      for (let left = this.logBytes; left > 0;) left -= writeSync(file, Buffer.alloc(Math.min(left, 1 << 16)));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}
