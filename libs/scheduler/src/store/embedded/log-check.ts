import { readFileSync } from 'node:fs';
import { StoreDamagedError } from '../../core/errors.js';
import { isSameBoot, type OwnerNote } from './owner.js';

// The format of SQLite's write-ahead log: https://sqlite.org/fileformat2.html#the_write_ahead_log
const HEADER = 32;
const FRAME_HEADER = 24;
const BIG_ENDIAN = 0x377f0683;
const LITTLE_ENDIAN = 0x377f0682;

/**
 * SQLite reads its log up to the first invalid frame and ignores the rest: right for a tail torn by a power cut, wrong for
 * damage in the middle, which would silently lose acknowledged changes. This check distinguishes the two.
 * @param previous the process that wrote it; null: it has closed the file
 * @throws StoreDamagedError if more frames are invalid than a crash of that process can leave
 */
export function checkLog(path: string, previous: OwnerNote | null): void {
  const log = read(`${path}-wal`);
  // A process that dies leaves a log. One that closes the file removes its note.
  if (log === null && previous !== null)
    throw new StoreDamagedError(
      path,
      `its write-ahead log (${path}-wal) is missing, with the changes of process ${previous.pid} that were not in the ` +
        `database yet; to continue without them, remove ${path}-owner`,
    );
  if (log === null || log.length === 0) return;
  const valid = validFrames(log);
  if (valid === null) {
    // A header is written once, and synced before the database relies on it.
    if (log.length > HEADER && log.some((byte) => byte !== 0))
      throw new StoreDamagedError(path, `the header of its write-ahead log (${path}-wal) is invalid`);
    return;
  }
  const { frames, commits } = framesAfter(log, valid);
  const lost = `frame ${valid + 1} of its write-ahead log (${path}-wal) is invalid, and ${frames - 1} frames follow it`;
  // Only the process died: the system kept all that was written, except the frame in progress.
  if (previous !== null && isSameBoot(previous) && frames > 1) throw new StoreDamagedError(path, lost);
  // Power cut: only the last group was not synced; with sync 'interval' any number.
  if (previous?.sync !== 'interval' && commits > 1) throw new StoreDamagedError(path, lost);
}

function read(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Number of valid frames at the start; null: the header is invalid. */
function validFrames(log: Buffer): number | null {
  if (log.length < HEADER) return null;
  const magic = log.readUInt32BE(0);
  if (magic !== BIG_ENDIAN && magic !== LITTLE_ENDIAN) return null;
  const sum = new Sum(log, magic === BIG_ENDIAN);
  sum.add(0, 24);
  if (!sum.equals(24)) return null;
  const size = frameSize(log);
  for (let n = 0; ; n++) {
    const at = HEADER + n * size;
    if (at + size > log.length || !hasCurrentSalt(log, at)) return n;
    sum.add(at, at + 8);
    sum.add(at + FRAME_HEADER, at + size);
    if (!sum.equals(at + 16)) return n;
  }
}

/** Whole frames after the valid ones with the current salt, and how many of them end a commit. */
function framesAfter(log: Buffer, valid: number): { frames: number; commits: number } {
  const size = frameSize(log);
  const found = { frames: 0, commits: 0 };
  for (let at = HEADER + valid * size; at + size <= log.length; at += size) {
    if (!hasCurrentSalt(log, at)) continue;
    found.frames++;
    if (log.readUInt32BE(at + 4) > 0) found.commits++;
  }
  return found;
}

function frameSize(log: Buffer): number {
  return FRAME_HEADER + log.readUInt32BE(8);
}

/** Frames of earlier rounds of the log, with other salts, may follow. */
function hasCurrentSalt(log: Buffer, at: number): boolean {
  return log.compare(log, 16, 24, at + 8, at + 16) === 0;
}

/** The running checksum of the log. */
class Sum {
  private a = 0;
  private b = 0;

  constructor(
    private readonly log: Buffer,
    private readonly bigEndian: boolean,
  ) {}

  add(from: number, to: number): void {
    const { log, bigEndian } = this;
    for (let at = from; at < to; at += 8) {
      const [x, y] = bigEndian
        ? [log.readUInt32BE(at), log.readUInt32BE(at + 4)]
        : [log.readUInt32LE(at), log.readUInt32LE(at + 4)];
      this.a = (this.a + x + this.b) >>> 0;
      this.b = (this.b + y + this.a) >>> 0;
    }
  }

  equals(at: number): boolean {
    return this.a === this.log.readUInt32BE(at) && this.b === this.log.readUInt32BE(at + 4);
  }
}
