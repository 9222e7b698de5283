import { describe, expect, it } from '@jest/globals';
import { InvalidDateError, InvalidOptionError } from '../core/errors.js';
import { previewCron } from './preview-cron.js';

describe('previewCron', () => {
  it.each([new Date(Number.NaN), new Date(8.64e15), new Date(-8.64e15), '2026-01-01', 0, null, undefined])(
    'refuses %p as from',
    (from) => {
      expect(() => previewCron('* * * * *', { from: from as Date })).toThrow(InvalidDateError);
    },
  );

  it.each([Number.NaN, 0, 1001, 1.5, Infinity, null])('refuses %p as count', (count) => {
    expect(() => previewCron('* * * * *', { count: count as number, from: new Date() })).toThrow(InvalidOptionError);
  });

  it('respects bounds, which are times of the zone if they have none', () => {
    const from = new Date('2026-03-01T00:00:00Z');
    const options = { timezone: 'Asia/Tokyo', count: 5, from, startTime: '2026-03-02', endTime: '2026-03-03T09:00' };
    const ticks = previewCron('0 0,9 * * *', options);
    expect(ticks.map((tick) => tick.toISOString())).toEqual([
      '2026-03-01T15:00:00.000Z',
      '2026-03-02T00:00:00.000Z',
      '2026-03-02T15:00:00.000Z',
      '2026-03-03T00:00:00.000Z',
    ]);
    expect(() => previewCron('* * * * *', { from, endTime: 'March 3' })).toThrow(InvalidDateError);
  });

  it('returns the next ticks', () => {
    const ticks = previewCron('0 9 * * MON-SUN', { timezone: 'Asia/Tokyo', count: 2, from: new Date(0) });
    expect(ticks.map((tick) => tick.toISOString())).toEqual(['1970-01-02T00:00:00.000Z', '1970-01-03T00:00:00.000Z']);
  });
});
