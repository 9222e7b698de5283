import { describe, expect, it } from '@jest/globals';
import { CronExpressionParser } from 'cron-parser';
import fc from 'fast-check';
import { parseCron } from './cron-expression.js';
import { firesBetween, nextFire, previewFires } from './next-fire.js';
import { cpuTime } from '../../../../test/support/cpu-time.js';

const iso = (instants: readonly number[]) => instants.map((instant) => new Date(instant).toISOString().slice(0, 19));
const fires = (expression: string, timezone: string, after: string, count: number) =>
  iso(previewFires(parseCron(expression, timezone), count, Date.parse(after)));

describe('nextFire', () => {
  it('is strictly after the given instant, and a whole second', () => {
    const cron = parseCron('* * * * * *');
    const noon = Date.UTC(2026, 0, 1, 12);
    expect(nextFire(cron, noon)).toBe(noon + 1000);
    expect(nextFire(cron, noon - 1)).toBe(noon);
    expect(nextFire(cron, noon + 0.5)).toBe(noon + 1000);
    expect(nextFire(cron, noon + 999)).toBe(noon + 1000);
  });

  it.each([
    ['0 9 * * MON-FRI', 'UTC', '2026-01-02T09:00Z', ['2026-01-05T09:00:00', '2026-01-06T09:00:00']],
    ['0 0 29 2 *', 'UTC', '2026-01-01T00:00Z', ['2028-02-29T00:00:00', '2032-02-29T00:00:00']],
    ['0 0 31 * *', 'UTC', '2026-01-31T00:00Z', ['2026-03-31T00:00:00', '2026-05-31T00:00:00']],
    ['0 0 13 * FRI', 'UTC', '2026-02-06T00:00Z', ['2026-02-13T00:00:00', '2026-02-20T00:00:00']],
    ['0 0 13 * FRI', 'UTC', '2026-03-13T00:00Z', ['2026-03-20T00:00:00', '2026-03-27T00:00:00']],
    ['0 0 10 * FRI', 'UTC', '2026-03-07T00:00Z', ['2026-03-10T00:00:00', '2026-03-13T00:00:00']],
    ['0 0 30 2 MON', 'UTC', '2026-02-20T00:00Z', ['2026-02-23T00:00:00', '2027-02-01T00:00:00']],
    ['0 0 L * *', 'UTC', '2028-01-31T00:00Z', ['2028-02-29T00:00:00', '2028-03-31T00:00:00']],
    ['0 0 15,L 2 *', 'UTC', '2026-02-01T00:00Z', ['2026-02-15T00:00:00', '2026-02-28T00:00:00']],
    ['0 0 * * 5L', 'UTC', '2026-01-01T00:00Z', ['2026-01-30T00:00:00', '2026-02-27T00:00:00']],
    ['0 0 * * FRI#3', 'UTC', '2026-01-01T00:00Z', ['2026-01-16T00:00:00', '2026-02-20T00:00:00']],
    ['0 0 * * 4#5', 'UTC', '2026-01-01T00:00Z', ['2026-01-29T00:00:00', '2026-04-30T00:00:00']],
    ['10,40 59 23 31 12 *', 'UTC', '2026-01-01T00:00Z', ['2026-12-31T23:59:10', '2026-12-31T23:59:40']],
    ['30 5 * * *', 'Asia/Kolkata', '2026-01-01T00:00Z', ['2026-01-02T00:00:00', '2026-01-03T00:00:00']],
    ['*/45 * * * *', 'Asia/Kathmandu', '2026-01-01T00:00Z', ['2026-01-01T00:15:00', '2026-01-01T01:00:00']],
    ['0 0 1 1 *', 'Pacific/Kiritimati', '2026-06-01T00:00Z', ['2026-12-31T10:00:00', '2027-12-31T10:00:00']],
  ])('%s in %s after %s', (expression, timezone, after, expected) => {
    expect(fires(expression, timezone, after, 2)).toEqual(expected);
  });

  it('supports times before 1970', () => {
    expect(fires('0 12 * * *', 'UTC', '1969-12-30T12:00Z', 2)).toEqual(['1969-12-31T12:00:00', '1970-01-01T12:00:00']);
  });

  it('is null if no instant matches within five years', () => {
    const leapDay = parseCron('0 0 29 2 *');
    expect(nextFire(leapDay, Date.UTC(2096, 1, 29))).toBeNull();
    expect(nextFire(leapDay, Date.UTC(2096, 1, 28))).toBe(Date.UTC(2096, 1, 29));
    expect(previewFires(leapDay, 3, Date.UTC(2092, 0, 1))).toHaveLength(2);
  });

  it.each([
    ['*/5 * * * *', 'UTC', 105_120],
    ['*/5 * * * *', 'Europe/Berlin', 105_120],
    ['*/5 * * * *', 'Australia/Lord_Howe', 105_120],
    ['0 * * * *', 'America/New_York', 8760],
    ['30 2 * * *', 'America/New_York', 365],
    ['30 1 * * *', 'America/New_York', 365],
    ['0 0 * * *', 'America/Santiago', 365],
    ['0 9 * * MON-FRI', 'Europe/London', 261],
    ['0 0 1 * *', 'Africa/Cairo', 12],
  ])('%s in %s fires %i times in 2025, in order', (expression, timezone, count) => {
    const cron = parseCron(expression, timezone);
    // A local year: both ends lie outside of DST changes, so that real and local length are the same.
    const start = localNewYear(2025, timezone);
    const found = firesBetween(cron, start - 1, localNewYear(2026, timezone) - 1, Infinity);
    expect(found).toHaveLength(count);
    expect(found.every((fire, i) => i === 0 || fire > found[i - 1]!)).toBe(true);
  });

  it('agrees with cron-parser if clocks never change', () => {
    const values = (min: number, max: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min, max }).map(String),
        fc
          .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
          .map(([a, b]) => (a <= b ? `${a}-${b}` : `${b}-${a}`)),
        fc.integer({ min: 1, max: max - min }).map((step) => `*/${step}`),
        fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 }).map((list) => list.join()),
      );
    const expression = fc
      .tuple(values(0, 59), values(0, 59), values(0, 23), values(1, 28), values(1, 12), values(0, 6))
      .map((fields) => fields.join(' '));
    const zone = fc.constantFrom('UTC', 'Asia/Kolkata', 'Asia/Tokyo', 'America/Phoenix', 'Asia/Kathmandu');
    const instant = fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2035, 0, 1) });
    fc.assert(
      fc.property(expression, zone, instant, (text, tz, after) => {
        const theirs = CronExpressionParser.parse(text, { tz, currentDate: new Date(after) });
        const expected = Array.from({ length: 3 }, () => theirs.next().getTime());
        expect(previewFires(parseCron(text, tz), 3, after)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('takes some microseconds', () => {
    const cron = parseCron('0 9 * * MON-FRI', 'America/New_York');
    const leapDay = parseCron('0 0 29 2 *', 'America/New_York');
    let took = cpuTime();
    expect(nextFire(leapDay, Date.UTC(2096, 2, 1))).toBeNull();
    expect(took()).toBeLessThan(500);

    took = cpuTime();
    const calls = 5000;
    previewFires(cron, 1000, Date.UTC(2026, 0, 1));
    for (let i = 0; i < calls; i++) nextFire(cron, Date.UTC(2026, 0, 1) + i * 60_000);
    expect(took() / calls).toBeLessThan(0.5);
  });
});

describe('previewFires', () => {
  it('returns the requested number, at most 1000', () => {
    const cron = parseCron('* * * * * *');
    expect(previewFires(cron, 0, 0)).toEqual([]);
    expect(previewFires(cron, 3, 0)).toEqual([1000, 2000, 3000]);
    expect(previewFires(cron, Infinity, 0)).toHaveLength(1000);
  });
});

function localNewYear(year: number, timeZone: string): number {
  const utc = Date.UTC(year, 0, 1);
  const shown = new Date(utc).toLocaleString('sv-SE', { timeZone });
  return utc - (Date.parse(`${shown.replace(' ', 'T')}Z`) - utc);
}
