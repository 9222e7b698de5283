import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8192;
const pool = new Uint8Array(POOL_BYTES);
const DIGITS = Buffer.from('0123456789abcdef');
/** The id under way: one flat string comes out of it, where joining parts would leave a tree of them on the heap. */
const text = Buffer.from('00000000-0000-7000-8000-000000000000');

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
  if (ms > lastMs) begin(ms);
  else if (++sequence > 0xfff) begin(lastMs + 1);
  if (used + 8 > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  text[15] = DIGITS[sequence >>> 8]!;
  putByte(16, sequence & 0xff);
  putByte(19, 0x80 | (pool[used]! & 0x3f));
  putByte(21, pool[used + 1]!);
  for (let i = 2; i < 8; i++) putByte(20 + 2 * i, pool[used + i]!);
  used += 8;
  return text.toString('latin1');
}

function begin(ms: number): void {
  lastMs = ms;
  sequence = 0;
  const hex = ms.toString(16).padStart(12, '0');
  text.write(hex.slice(0, 8), 0, 'latin1');
  text.write(hex.slice(8), 9, 'latin1');
}

function putByte(at: number, value: number): void {
  text[at] = DIGITS[value >>> 4]!;
  text[at + 1] = DIGITS[value & 0xf]!;
}
