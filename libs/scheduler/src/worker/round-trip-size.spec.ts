import { describe, expect, it } from '@jest/globals';
import { settle } from '../core/commands.js';
import { fitIntoRoundTrip } from './round-trip-size.js';

const ends = (count: number, size: number) =>
  Array.from({ length: count }, (_, i) => settle.complete({ executionId: `${i}`, leaseToken: 1 }, 'x'.repeat(size)));

describe('the settlements of one exchange', () => {
  it.each([
    { count: 0, size: 0, expected: 0 },
    { count: 250, size: 10, expected: 250 },
    { count: 251, size: 10, expected: 250 },
    { count: 400, size: 200 * 1024, expected: 5 },
    { count: 3, size: 5 * 1024 * 1024, expected: 1 },
  ])('of $count with results of $size are $expected', ({ count, size, expected }) => {
    expect(fitIntoRoundTrip(ends(count, size))).toBe(expected);
  });

  it('include the payloads that the store reads again', () => {
    const run = { executionId: 'x', leaseToken: 1, payload: 'x'.repeat(200 * 1024) };
    expect(fitIntoRoundTrip(Array.from({ length: 250 }, () => settle.complete(run, null)))).toBe(5);
  });
});
