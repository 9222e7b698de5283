import { describe, expect, it, jest } from '@jest/globals';
import { parseDuration, TEN_YEARS } from './duration.js';
import { DurationUnitError, InvalidDurationError } from './errors.js';
import { cpuTime } from '../../../../test/support/cpu-time.js';

describe('parseDuration', () => {
  it.each([
    [1000, 1000],
    [1500.4, 1500],
    [0, 0],
    [-0, 0],
    ['50ms', 50],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['1.5 hours', 5_400_000],
    ['.5s', 500],
    [' 2d ', 172_800_000],
    ['0s', 0],
    [TEN_YEARS, TEN_YEARS],
  ])('%p is %p ms', (value, ms) => expect(parseDuration(value, 'delay')).toBe(ms));

  it.each([
    -1,
    '-5m',
    Number.NaN,
    Infinity,
    1e18,
    '1e3s',
    '',
    ' ',
    '10',
    '5 parsecs',
    'ten minutes',
    'm',
    '1h30m',
    null,
    undefined,
    true,
    {},
    [1000],
    1000n,
    `${'9'.repeat(400)}s`,
    '1'.repeat(50) + 's',
    'ms',
  ])('refuses %p', (value) => {
    expect(() => parseDuration(value, 'delay')).toThrow(InvalidDurationError);
    expect(() => parseDuration(value, 'delay')).toThrow(/^delay: .* is not allowed; allowed: 0 to \d+ ms/);
  });

  it('is fast on long text', () => {
    const took = cpuTime();
    expect(() => parseDuration('1'.repeat(1_000_000) + 's', 'delay')).toThrow(InvalidDurationError);
    expect(took()).toBeLessThan(500);
  });

  it('respects the range of its rule', () => {
    const rule = { min: 1, max: 2000 };
    expect(parseDuration('1ms', 'timeout', rule)).toBe(1);
    expect(parseDuration(2000, 'timeout', rule)).toBe(2000);
    expect(() => parseDuration(0, 'timeout', rule)).toThrow('timeout: 0 is not allowed; allowed: 1 to 2000 ms');
    expect(() => parseDuration('3s', 'timeout', rule)).toThrow('timeout: "3s" is not allowed');
  });
});

describe('a bare number under 1000', () => {
  it('is refused if the rule says so, and the message has both spellings', () => {
    const rule = { bareSeconds: 'refuse' } as const;
    expect(() => parseDuration(300, 'lockTimeout', rule)).toThrow(DurationUnitError);
    expect(() => parseDuration(300, 'lockTimeout', rule)).toThrow("write '300s' or '300ms'");
    expect(parseDuration('300ms', 'lockTimeout', rule)).toBe(300);
    expect(parseDuration(1000, 'lockTimeout', rule)).toBe(1000);
  });

  it('causes one warning per field, and is taken as milliseconds', () => {
    const warn = jest.fn();
    expect(parseDuration(60, 'warned.once', { warn })).toBe(60);
    expect(parseDuration(90, 'warned.once', { warn })).toBe(90);
    parseDuration(60, 'warned.also', { warn });
    expect(warn.mock.calls).toEqual([
      ["warned.once: 60 is taken as 60 milliseconds; if seconds were meant, write '60s' ('60ms' ends this warning)"],
      [expect.stringContaining('warned.also')],
    ]);
  });

  it('is accepted without a warning if the rule allows it, and zero always', () => {
    const warn = jest.fn();
    expect(parseDuration(5, 'accepted', { bareSeconds: 'accept', warn })).toBe(5);
    expect(parseDuration(0, 'zero', { warn })).toBe(0);
    expect(parseDuration('5ms', 'text', { warn })).toBe(5);
    expect(warn).not.toHaveBeenCalled();
  });
});
