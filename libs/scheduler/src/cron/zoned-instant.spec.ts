import { describe, expect, it } from '@jest/globals';
import { InvalidDateError } from '../core/errors.js';
import { TimeZone } from './time-zone.js';
import { parseZonedInstant } from './zoned-instant.js';

const NOW = Date.parse('2026-03-01T00:00:00Z');
const read = (value: unknown, zone = 'Europe/Berlin') =>
  new Date(parseZonedInstant(value, 'startTime', NOW, TimeZone.named(zone))).toISOString();

describe('parseZonedInstant', () => {
  it.each([
    ['2026-03-01T09:00', '2026-03-01T08:00:00.000Z'],
    ['2026-07-01 09:00:30', '2026-07-01T07:00:30.000Z'],
    ['2026-07-01T09:00:30.5', '2026-07-01T07:00:30.500Z'],
    [' 2026-03-01 ', '2026-02-28T23:00:00.000Z'],
    // In the gap, and the first of the two.
    ['2026-03-29T02:30', '2026-03-29T01:00:00.000Z'],
    ['2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
    ['2026-03-01T09:00Z', '2026-03-01T09:00:00.000Z'],
    ['2026-03-01T09:00+05:30', '2026-03-01T03:30:00.000Z'],
    ['Sun, 01 Mar 2026 09:00:00 GMT', '2026-03-01T09:00:00.000Z'],
    [NOW, '2026-03-01T00:00:00.000Z'],
    [new Date(NOW), '2026-03-01T00:00:00.000Z'],
  ])('parses %j in the zone of the schedule', (value, instant) => {
    expect(read(value)).toBe(instant);
  });

  it('uses the zone of the schedule, not of the machine', () => {
    expect(read('2026-03-01T09:00', 'America/New_York')).toBe('2026-03-01T14:00:00.000Z');
    expect(read('2026-03-01', 'Pacific/Kiritimati')).toBe('2026-02-28T10:00:00.000Z');
  });

  it.each([
    'March 1, 2026',
    '12-25-2026',
    '03:00 12-25-2026',
    '2026-13-01',
    '2027-02-29',
    '2026-04-31T09:00',
    '2026-04-31 09:00Z',
    '2026-03-01T25:00',
    '2026-03',
    'soon',
    '',
    Number.NaN,
    '2126-01-01',
  ])('refuses %j', (value) => {
    expect(() => read(value)).toThrow(InvalidDateError);
  });
});
