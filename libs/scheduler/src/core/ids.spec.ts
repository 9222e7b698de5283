import { describe, expect, it } from '@jest/globals';
import { uuidv7 } from './ids.js';

const RFC_9562 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const msOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
// Ids never go back within a process, so each test takes a later hour than the one before.
const BASE = Date.parse('2030-01-01T00:00:00Z');
const hour = (n: number): number => BASE + n * 3_600_000;

describe('uuidv7', () => {
  it('is a version 7 UUID that bears its time', () => {
    const id = uuidv7(hour(1));
    expect(id).toMatch(RFC_9562);
    expect(msOf(id)).toBe(hour(1));
  });

  it('sorts by the order of making, also past the counter of one millisecond, and is unique', () => {
    const ids = Array.from({ length: 100_000 }, () => uuidv7(hour(2)));
    for (let i = 1; i < ids.length; i++) if (ids[i - 1]! >= ids[i]!) throw new Error(`${ids[i - 1]} >= ${ids[i]}`);
    expect(new Set(ids.map((id) => id.slice(19))).size).toBe(ids.length);
    expect(ids.every((id) => RFC_9562.test(id))).toBe(true);
  });

  it('goes on upwards when the clock goes back or counts in fractions', () => {
    const times = [hour(3), hour(3) + 0.7, hour(3) + 0.2, hour(3) - 5000, hour(3) + 1.5, hour(3) + 1, hour(3) + 2];
    const ids = times.map(uuidv7);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('starts its counter anew in each millisecond', () => {
    const first = uuidv7(hour(4));
    expect(uuidv7(hour(4)).slice(14, 18)).toBe('7001');
    expect([first, uuidv7(hour(4) + 1)].map((id) => id.slice(14, 18))).toEqual(['7000', '7000']);
  });
});
