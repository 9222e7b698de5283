import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 10 * 512;
const pool = new Uint8Array(POOL_BYTES);
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

let used = POOL_BYTES;
let lastMs = 0;
let sequence = 0;

/**
 * A UUIDv7 (RFC 9562): 48 bits of `now`, a 12-bit counter within the millisecond (method 1 of section 6.2), 62 random
 * bits from a pool. Ids of one process sort by the order in which they were made. Written here because an id is made
 * per execution and the published generators cost several times as much (docs/adr/0002).
 */
export function uuidv7(now: number): string {
  // Whole milliseconds: fractions of one would reset its counter.
  const ms = Math.floor(now);
  if (ms > lastMs) {
    lastMs = ms;
    sequence = 0;
  } else if (++sequence > 0xfff) {
    lastMs += 1;
    sequence = 0;
  }
  if (used + 8 > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used;
  used += 8;
  const high = Math.floor(lastMs / 0x10000);
  const low = lastMs & 0xffff;
  return (
    byte(high >>> 24) +
    byte(high >>> 16) +
    byte(high >>> 8) +
    byte(high) +
    '-' +
    byte(low >>> 8) +
    byte(low) +
    '-' +
    byte(0x70 | (sequence >>> 8)) +
    byte(sequence) +
    '-' +
    byte(0x80 | (pool[at]! & 0x3f)) +
    byte(pool[at + 1]!) +
    '-' +
    byte(pool[at + 2]!) +
    byte(pool[at + 3]!) +
    byte(pool[at + 4]!) +
    byte(pool[at + 5]!) +
    byte(pool[at + 6]!) +
    byte(pool[at + 7]!)
  );
}

function byte(value: number): string {
  return HEX[value & 0xff]!;
}
