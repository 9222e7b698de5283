import { readFileSync } from 'node:fs';
import { StoreDamagedError } from '../../core/errors.js';
import { isSameBoot, type OwnerNote } from './owner.js';

// The format of SQLite's write-ahead log: https://sqlite.org/fileformat2.html#the_write_ahead_log
const HEADER = 32;
const FRAME_HEADER = 24;
const BIG_ENDIAN = 0x377f0683;
const LITTLE_ENDIAN = 0x377f0682;

/**
 * SQLite reads its log up to the first frame that is not sound, and forgets the rest: right for a tail that a power cut
 * tore, wrong for damage in the middle, which would silently lose what was acknowledged. Here the two are told apart.
 * @param previous who wrote it; null: nobody left anything behind
 * @throws StoreDamagedError if more is unsound than a crash of that writer can have left
 */
export function checkLog(path: string, previous: OwnerNote | null): void {
  const log = read(`${path}-wal`);
  // A process that dies leaves a log. One that closes the file takes its note with it.
  if (log === null && previous !== null)
    throw new StoreDamagedError(
      path,
      `its write-ahead log (${path}-wal) is missing, with what process ${previous.pid} had not moved to the database; ` +
        `to go on without it, remove ${path}-owner`,
    );
  if (log === null || log.length === 0) return;
  const sound = soundFrames(log);
  if (sound === null) {
    // A header is written once, and synced before the database relies on it.
    if (log.length > HEADER && log.some((byte) => byte !== 0))
      throw new StoreDamagedError(path, `the header of its write-ahead log (${path}-wal) is unsound`);
    return;
  }
  const { frames, commits } = framesAfter(log, sound);
  const lost = `frame ${sound + 1} of its write-ahead log (${path}-wal) is unsound, and ${frames - 1} frames follow it`;
  // The process alone died: the system kept what was written, all but the frame under its hands.
  if (previous !== null && isSameBoot(previous) && frames > 1) throw new StoreDamagedError(path, lost);
  // The power went: one group was not synced yet, the last; with sync 'interval' any number.
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

/** How many frames from the first on are sound; null: the header is not. */
function soundFrames(log: Buffer): number | null {
  if (log.length < HEADER) return null;
  const magic = log.readUInt32BE(0);
  if (magic !== BIG_ENDIAN && magic !== LITTLE_ENDIAN) return null;
  const sum = new Sum(log, magic === BIG_ENDIAN);
  sum.add(0, 24);
  if (!sum.equals(24)) return null;
  const size = frameSize(log);
  for (let n = 0; ; n++) {
    const at = HEADER + n * size;
    if (at + size > log.length || !isOfThisRound(log, at)) return n;
    sum.add(at, at + 8);
    sum.add(at + FRAME_HEADER, at + size);
    if (!sum.equals(at + 16)) return n;
  }
}

/** Whole frames behind the sound ones that belong to the same round of the log, and how many of them end a commit. */
function framesAfter(log: Buffer, sound: number): { frames: number; commits: number } {
  const size = frameSize(log);
  const found = { frames: 0, commits: 0 };
  for (let at = HEADER + sound * size; at + size <= log.length; at += size) {
    if (!isOfThisRound(log, at)) continue;
    found.frames++;
    if (log.readUInt32BE(at + 4) > 0) found.commits++;
  }
  return found;
}

function frameSize(log: Buffer): number {
  return FRAME_HEADER + log.readUInt32BE(8);
}

/** Frames of earlier rounds, with other salts, may follow. */
function isOfThisRound(log: Buffer, at: number): boolean {
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
