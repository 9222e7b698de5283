import { describe, expect, it } from '@jest/globals';
import { Ledger } from './ledger.js';
import { formatSummary, ratioOf, speedFor, succeeded, summarize } from './summary.js';
import type { Trace, TraceTask } from './trace.js';

const task = (id: string, runtimeSeconds: number, ...parents: string[]): TraceTask => ({
  id,
  name: id,
  runtimeSeconds,
  parents,
});
const trace: Trace = { name: 'demo', tasks: [task('a', 3), task('b', 2), task('c', 4, 'a')] };

describe('summarize', () => {
  it('has every figure at the chosen speed', () => {
    const summary = summarize(trace, { speed: 10, concurrency: 1 }, new Ledger(), {
      completed: 3,
      makespanMs: 950.12345,
    });
    expect(summary).toEqual({
      name: 'demo',
      speed: 10,
      concurrency: 1,
      tasks: 3,
      edges: 1,
      completed: 3,
      makespanMs: 950.123,
      criticalPathMs: 700,
      workMs: 900,
      idealMs: 900,
      orderViolations: 0,
      peakConcurrency: 0,
    });
    expect(ratioOf(summary)).toBeCloseTo(1.0557, 4);
    expect(formatSummary(summary)).toContain('3 of 3 completed, 1 edges');
    expect(formatSummary(summary)).toContain('1.056 x the ideal');
  });

  it('succeeds only if every task completed and no edge is violated', () => {
    const pace = { speed: 1, concurrency: 2 };
    const early = new Ledger(() => 0);
    early.started('c');
    expect(succeeded(summarize(trace, pace, new Ledger(), { completed: 3, makespanMs: 1 }))).toBe(true);
    expect(succeeded(summarize(trace, pace, new Ledger(), { completed: 2, makespanMs: 1 }))).toBe(false);
    expect(succeeded(summarize(trace, pace, early, { completed: 3, makespanMs: 1 }))).toBe(false);
  });

  it('has no ratio if the ideal takes no time', () => {
    const none: Trace = { name: 'none', tasks: [task('a', 0)] };
    const summary = summarize(none, { speed: 1, concurrency: 1 }, new Ledger(), { completed: 1, makespanMs: 1 });
    expect(ratioOf(summary)).toBeNull();
    expect(formatSummary(summary)).not.toContain('x the ideal');
  });
});

describe('speedFor', () => {
  it('makes the ideal about ten seconds, with a speed of three digits', () => {
    expect(speedFor({ name: 'long', tasks: [task('a', 6272.684)] }, 16)).toBe(627);
    expect(speedFor({ name: 'short', tasks: [task('a', 0.25)] }, 16)).toBe(0.025);
    expect(speedFor(trace, 1, 1000)).toBe(9);
  });

  it('is 1 for a trace that takes no time', () => {
    expect(speedFor({ name: 'none', tasks: [task('a', 0)] }, 16)).toBe(1);
  });
});
