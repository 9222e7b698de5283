import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8192;
const pool = new Uint8Array(POOL_BYTES);
/** Crockford's base 32: in ASCII order, without I, L, O and U. */
const DIGITS = [...Buffer.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ')];
const TIME_DIGITS = 10;
const COUNTER_DIGITS = 3;
const LENGTH = 26;
/** Where the random digits start. */
const RANDOM_FROM = TIME_DIGITS + COUNTER_DIGITS;
const LAST_IN_A_MILLISECOND = 32 ** COUNTER_DIGITS - 1;
/** Character codes of the id in progress. They yield one flat string; concatenation would leave a rope on the heap. */
const text = new Array<number>(LENGTH).fill(DIGITS[0]!);

let used = POOL_BYTES;
let lastMs = 0;
let sequence = 0;

/**
 * Returns a ULID (github.com/ulid/spec), 26 characters: 48 bits of `now`, a 15-bit counter within the millisecond, 65
 * random bits from a pool. Ids of one process sort by creation. Hand-written because each execution needs an id and
 * published generators cost several times as much (docs/adr/0008).
 */
export function ulid(now: number): string {
  // Whole milliseconds: a fraction would reset the counter.
  const ms = Math.floor(now);
  if (ms > lastMs) begin(ms);
  else if (++sequence > LAST_IN_A_MILLISECOND) begin(lastMs + 1);
  text[10] = DIGITS[sequence >>> 10]!;
  text[11] = DIGITS[(sequence >>> 5) & 31]!;
  text[12] = DIGITS[sequence & 31]!;
  if (used + LENGTH - RANDOM_FROM > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  for (let at = RANDOM_FROM; at < LENGTH; at++) text[at] = DIGITS[pool[used++]! & 31]!;
  return String.fromCharCode(...text);
}

function begin(ms: number): void {
  lastMs = ms;
  sequence = 0;
  // By division, since the value exceeds 32 bits.
  for (let at = TIME_DIGITS - 1, rest = ms; at >= 0; at--, rest = Math.floor(rest / 32)) text[at] = DIGITS[rest % 32]!;
}
