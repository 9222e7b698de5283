import { describe, expect, it } from '@jest/globals';
import { resolveHistory } from './resolve-history.js';

const bounds = (count: number, age: number | null = null, bytes: number | null = null) => ({ count, age, bytes });

describe('the option history', () => {
  it('limits every outcome equally in its short form', () => {
    for (const [given, expected] of [
      [undefined, bounds(1000)],
      [50, bounds(50)],
      [{}, bounds(1000)],
      [{ count: 5, age: '1h', bytes: 10 }, bounds(5, 3_600_000, 10)],
    ] as const)
      expect(resolveHistory(given)).toEqual({
        COMPLETED: expected,
        FAILED: expected,
        CANCELLED: expected,
        SKIPPED: expected,
      });
  });

  it('limits each outcome separately in its long form; the others have the default', () => {
    expect(resolveHistory({ failed: { count: 7, age: '2h' }, skipped: 0, completed: { bytes: 9 } })).toEqual({
      COMPLETED: bounds(1000, null, 9),
      FAILED: bounds(7, 7_200_000),
      CANCELLED: bounds(1000),
      SKIPPED: bounds(0),
    });
  });

  it.each([
    [{ size: 5 }, 'history.size'],
    [{ completd: 5 }, 'history.completd'],
    [{ failed: 5, count: 5 }, 'history.count'],
    [{ failed: { max: 5 } }, 'history.failed.max'],
    [{ failed: { count: -1 } }, 'history.failed.count'],
    [{ failed: { count: 1.5 } }, 'history.failed.count'],
    [{ failed: null, skipped: 'all' }, 'history.skipped'],
    [{ cancelled: [] }, 'history.cancelled'],
    [{ cancelled: { bytes: 0 } }, 'history.cancelled.bytes'],
    [{ count: '5' }, 'history.count'],
    ['1000', 'history'],
    [[1000], 'history'],
    [Number.NaN, 'history.count'],
  ])('refuses %j', (given, field) => {
    expect(() => resolveHistory(given)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', field }));
  });

  it('refuses an invalid age', () => {
    expect(() => resolveHistory({ failed: { age: 'long' } })).toThrow(
      expect.objectContaining({ code: 'INVALID_DURATION' }),
    );
  });
});
