import { describe, expect, it } from '@jest/globals';
import { StartRule } from './start-rule.js';
import type { Claim } from '../store/records.js';

const clock = { monotonic: () => 1000 };
const claim = { executionId: 'id', queue: 'default', startedTime: 50 } as Claim;

describe('whether a claim may still start', () => {
  it('for 100 ms since the store made it, and always if claims do not age', () => {
    const rule = new StartRule(clock, true);
    expect(rule.isOver(rule.date(claim, 100))).toBe(false);
    expect(rule.isOver(rule.date(claim, 101))).toBe(true);
    expect(rule.isOver(new StartRule(clock, false).date(claim, 10_000))).toBe(false);
  });

  it('for up to a second if each reply is late, after a few claims that were too old', () => {
    const rule = new StartRule(clock, true);
    const startsAfter = (age: number): number => {
      for (let replies = 1; replies <= 10; replies++) {
        rule.noteReply(age);
        if (!rule.isOver(rule.date(claim, age, rule.within))) return replies;
      }
      return Infinity;
    };
    expect(startsAfter(700)).toBe(3);
    expect(startsAfter(1001)).toBe(Infinity);
    // Only if the request permits it; replies in time end the longer limit.
    expect(rule.isOver(rule.date(claim, 101))).toBe(true);
    for (let replies = 0; replies < 100; replies++) expect(rule.noteReply(5)).toBe(false);
    expect(rule.within).toBe(100);
  });

  it('not after a pause of its queue', () => {
    const rule = new StartRule(clock, true);
    rule.pause('default', 60);
    expect(rule.isOver(rule.date(claim, 0))).toBe(true);
    expect(rule.isOver(rule.date({ ...claim, startedTime: 61 }, 0))).toBe(false);
    rule.resume('default');
    expect(rule.isOver(rule.date(claim, 0))).toBe(false);
  });
});
