import { describe, expect, it } from '@jest/globals';
import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('does not advance by itself', () => {
    const clock = new ManualClock('2026-05-01T00:00:00Z');
    expect(clock.now()).toBe(Date.parse('2026-05-01T00:00:00Z'));
    clock.advance(1500);
    expect(clock.now()).toBe(Date.parse('2026-05-01T00:00:01.500Z'));
    expect(clock.monotonic()).toBe(clock.now());
    clock.advanceTo('2026-01-01');
    expect(clock.now()).toBe(Date.parse('2026-05-01T00:00:01.500Z'));
    expect(() => clock.advanceTo('soon')).toThrow('"soon" is not an instant');
    expect(() => new ManualClock('soon')).toThrow(RangeError);
  });

  it('fires timers in the order of their instants, each at its instant', () => {
    const clock = new ManualClock(0);
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name} ${clock.now()}`);
    clock.setTimer(20, note('late'));
    clock.setTimer(10, () => {
      note('early')();
      clock.setTimer(5, note('set on the way'));
    });
    clock.setTimer(10, note('as early'));
    const repeating = clock.setRepeating(8, note('repeating'));
    clock.setTimer(1, note('cancelled')).cancel();
    clock.advance(20);
    repeating.cancel();
    repeating.cancel();
    clock.advance(100);
    expect(fired).toEqual(['repeating 8', 'early 10', 'as early 10', 'set on the way 15', 'repeating 16', 'late 20']);
    expect(clock.firedOnce).toBe(4);
  });

  it('can be set without elapsed time', () => {
    const clock = new ManualClock(1_000_000);
    const fired: number[] = [];
    clock.setTimer(10, () => fired.push(clock.now()));
    clock.step(60_000);
    expect([clock.now(), clock.monotonic()]).toEqual([1_060_000, 1_000_000]);
    clock.advanceTo(1_060_009);
    expect(fired).toEqual([]);
    clock.step(-120_000);
    clock.advance(1);
    expect(fired).toEqual([940_010]);
    expect(clock.monotonic()).toBe(1_000_010);
  });

  it('stops early on request', () => {
    const clock = new ManualClock(0);
    let count = 0;
    clock.setRepeating(10, () => count++);
    clock.advanceTo(1000, () => count === 3);
    expect(clock.now()).toBe(30);
  });
});
