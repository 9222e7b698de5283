import { describe, expect, it } from '@jest/globals';
import { ulid } from './ids.js';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** The first digit is at most 7: 48 bits of time in 50. */
const ULID = new RegExp(`^[0-7][${DIGITS}]{25}$`);
const msOf = (id: string): number => [...id.slice(0, 10)].reduce((ms, digit) => ms * 32 + DIGITS.indexOf(digit), 0);
// Ids never go back within a process, so each test takes a later hour than the one before.
const BASE = Date.parse('2030-01-01T00:00:00Z');
const hour = (n: number): number => BASE + n * 3_600_000;

describe('ulid', () => {
  it('is a ULID that contains its time', () => {
    const id = ulid(hour(1));
    expect(id).toMatch(ULID);
    expect(msOf(id)).toBe(hour(1));
    expect(msOf('01ARYZ6S41TSV4RRFFQ69G5FAV')).toBe(1_469_918_176_385); // an id of the specification's own
  });

  it('sorts by order of creation, also beyond the counter of one millisecond, and is unique', () => {
    const ids = Array.from({ length: 100_000 }, () => ulid(hour(2)));
    for (let i = 1; i < ids.length; i++) if (ids[i - 1]! >= ids[i]!) throw new Error(`${ids[i - 1]} >= ${ids[i]}`);
    expect(new Set(ids.map((id) => id.slice(13))).size).toBe(ids.length);
    expect(ids.every((id) => ULID.test(id))).toBe(true);
    expect(msOf(ids.at(-1)!)).toBe(hour(2) + 3);
  });

  it('continues to grow when the clock goes back or has fractions', () => {
    const times = [hour(3), hour(3) + 0.7, hour(3) + 0.2, hour(3) - 5000, hour(3) + 1.5, hour(3) + 1, hour(3) + 2];
    const ids = times.map(ulid);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('restarts its counter in each millisecond', () => {
    const first = ulid(hour(4));
    expect(ulid(hour(4)).slice(10, 13)).toBe('001');
    expect([first, ulid(hour(4) + 1)].map((id) => id.slice(10, 13))).toEqual(['000', '000']);
  });
});
