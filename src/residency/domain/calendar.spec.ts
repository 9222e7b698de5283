import { describe, expect, it } from '@jest/globals';
import { dateOf, dayNumber, instantOf, monthPeriod, overlapOf, weekdayOf } from './calendar.js';

describe('calendar', () => {
  it('turns dates to day numbers and back, leap days included', () => {
    for (const date of ['1970-01-01', '2024-02-29', '2026-07-06', '2027-12-31'])
      expect(dateOf(dayNumber(date))).toBe(date);
    expect(dayNumber('2024-03-01') - dayNumber('2024-02-28')).toBe(2);
  });

  it.each(['2026-02-29', '2026-13-01', '2026-7-6', '', 'today'])('refuses %j as a date', (text) => {
    expect(() => dayNumber(text)).toThrow(RangeError);
  });

  it.each(['24:00', '7:00', '07:60', '0700'])('refuses %j as a time of day', (text) => {
    expect(() => instantOf(0, text)).toThrow(RangeError);
  });

  it('knows the weekday of any day', () => {
    for (let day = -10; day < 30_000; day += 13) expect(weekdayOf(day)).toBe(new Date(day * 86_400_000).getUTCDay());
  });

  it('has the days of a month, December and leap February included', () => {
    const lengths = ['2026-02', '2028-02', '2026-09', '2026-12'].map((month) => monthPeriod(month).days);
    expect(lengths).toEqual([28, 29, 30, 31]);
    expect(() => monthPeriod('2026-13')).toThrow(RangeError);
  });

  it('overlaps periods', () => {
    expect(overlapOf({ firstDay: 0, days: 10 }, { firstDay: 7, days: 10 })).toEqual({ firstDay: 7, days: 3 });
    expect(overlapOf({ firstDay: 0, days: 5 }, { firstDay: 7, days: 10 }).days).toBe(0);
  });
});
