import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { CommonIntervals } from '../../libs/scheduler/src/maintenance/common-intervals.js';

describe('CommonIntervals', () => {
  it('fires repeating timers of the same interval together, until the last of them is cancelled', () => {
    const clock = new ManualClock(0);
    const common = new CommonIntervals(clock);
    const fired: string[] = [];
    const start = (name: string, ms: number) => common.setRepeating(ms, () => fired.push(`${name} ${clock.now()}`));
    const first = start('first', 1000);
    clock.advance(400);
    const second = start('second', 1000);
    start('slow', 1500);
    clock.advance(600);
    expect(fired).toEqual(['first 1000', 'second 1000']);
    first.cancel();
    first.cancel();
    clock.advance(1000);
    expect(fired.slice(2)).toEqual(['slow 1900', 'second 2000']);
    second.cancel();
    clock.advance(1000);
    expect(fired.slice(4)).toEqual([]);
    start('third', 1000);
    clock.advance(1000);
    expect(fired.slice(4)).toEqual(['slow 3400', 'third 4000']);
  });
});
