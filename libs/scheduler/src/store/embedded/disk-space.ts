import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreFullError } from '../../core/errors.js';

/** Held back so that runs can still be settled on a full disk: 1 MiB, or less where the whole disk is small. */
const RESERVE_BYTES = 1 << 20;
const RESERVE_SHARE = 1 / 16;
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
  private readonly reserveBytes: number;
  private held = false;
  private free: number | null = null;

  constructor(
    private readonly path: string,
    /** Gives back what can be given back without loss. */
    private readonly reclaim: () => void,
  ) {
    this.reserve = `${path}-reserve`;
    const { blocks, bsize } = statfsSync(dirname(path));
    this.reserveBytes = Math.min(RESERVE_BYTES, Math.floor(blocks * bsize * RESERVE_SHARE));
    this.hold();
  }

  /** @throws StoreFullError unless there is room for new work of so many bytes */
  admit(bytes: number): void {
    const needed = bytes * COPIES + OVERHEAD_BYTES;
    if (this.freeBytes() < needed) {
      this.reclaim();
      this.free = null;
    }
    if (!this.held && this.freeBytes() >= needed + this.reserveBytes) this.hold();
    if (!this.held || this.freeBytes() < needed)
      throw new StoreFullError(`the disk of '${this.path}' has ${this.freeBytes()} bytes free, ${needed} are needed`);
    this.free! -= needed;
  }

  /** Frees the reserve for what is under way. @returns false: that has been done before */
  release(): boolean {
    const held = this.held;
    this.held = false;
    rmSync(this.reserve, { force: true });
    return held;
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
      if (there !== this.reserveBytes) this.fill();
      this.held = true;
    } catch {
      this.release();
    }
  }

  private fill(): void {
    const file = openSync(this.reserve, 'w', 0o600);
    try {
      for (let left = this.reserveBytes; left > 0;) left -= writeSync(file, Buffer.alloc(Math.min(left, 1 << 16)));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}
