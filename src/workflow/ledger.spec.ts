import { describe, expect, it } from '@jest/globals';
import { Ledger } from './ledger.js';
import type { TraceTask } from './trace.js';

const task = (id: string, ...parents: string[]): TraceTask => ({ id, name: id, runtimeSeconds: 1, parents });
const tasks = [task('a'), task('b'), task('c', 'a', 'b')];

describe('Ledger', () => {
  let now = 0;
  const at = (time: number, act: () => void): void => {
    now = time;
    act();
  };

  it('finds no violation if each child starts when its parents have ended, also at the same instant', () => {
    const ledger = new Ledger(() => now);
    at(0, () => ledger.started('a'));
    at(0, () => ledger.started('b'));
    at(5, () => ledger.ended('a'));
    at(7, () => ledger.ended('b'));
    at(7, () => ledger.started('c'));
    at(9, () => ledger.ended('c'));
    expect(ledger.countOrderViolations(tasks)).toBe(0);
    expect(ledger.spanOf('c')).toEqual({ start: 7, end: 9 });
    expect(ledger.peakConcurrency).toBe(2);
  });

  it('counts each edge whose child started too early', () => {
    const ledger = new Ledger(() => now);
    at(0, () => ledger.started('a'));
    at(5, () => ledger.ended('a'));
    at(5, () => ledger.started('b'));
    at(6, () => ledger.started('c'));
    at(7, () => ledger.ended('b'));
    expect(ledger.countOrderViolations(tasks)).toBe(1);
  });

  it('counts a child whose parent never ran, or ran and never ended; not a child that never started', () => {
    const ledger = new Ledger(() => now);
    at(0, () => ledger.started('a'));
    expect(ledger.countOrderViolations(tasks)).toBe(0);
    at(1, () => ledger.started('c'));
    expect(ledger.countOrderViolations(tasks)).toBe(2);
  });

  it('takes a second run into account: its first start, its last end', () => {
    const ends: number[] = [];
    const ledger = new Ledger(
      () => now,
      (ended) => ends.push(ended),
    );
    at(0, () => ledger.started('a'));
    at(1, () => ledger.ended('a'));
    at(2, () => ledger.started('a'));
    at(3, () => ledger.started('c'));
    at(4, () => ledger.ended('a'));
    expect(ledger.spanOf('a')).toEqual({ start: 0, end: 4 });
    expect(ledger.countOrderViolations([task('a'), task('c', 'a')])).toBe(1);
    expect(ends).toEqual([1, 1]);
  });
});
