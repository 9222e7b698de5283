import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SchedulerEventName } from 'nestjs-advanced-scheduler';
import type { SchedulerEventSource } from '../scheduler-events.js';
import { EventFeed } from './event-feed.js';

const MB = 1024 * 1024;
let feed: EventFeed;
let happens: (name: SchedulerEventName, data?: object) => void;

beforeEach(() => {
  const source = {
    listen: (_names: unknown, hear: (name: SchedulerEventName, data: object) => void) => {
      happens = (name, data = {}) => hear(name, data);
      return () => undefined;
    },
  };
  feed = new EventFeed(source as unknown as SchedulerEventSource);
  feed.onModuleInit();
});

const started = (count: number, data?: object): void => {
  for (let i = 0; i < count; i++) happens('scheduler.execution.started', data);
};
const numbersAfter = (seq: number, size = Infinity) => {
  const events = feed.after(seq, size);
  return typeof events === 'string' ? events : events.map((event) => event.seq);
};

describe('EventFeed', () => {
  it('numbers events without gaps', () => {
    expect([feed.seq, numbersAfter(0)]).toEqual([0, []]);
    started(3);
    expect([feed.seq, numbersAfter(0), numbersAfter(2), numbersAfter(3)]).toEqual([3, [1, 2, 3], [3], []]);
  });

  it('returns at most the requested number, and at least one', () => {
    started(4, { line: 'x'.repeat(88) });
    expect(numbersAfter(0, 250)).toEqual([1, 2]);
    expect(numbersAfter(2, 1)).toEqual([3]);
  });

  it('keeps the last 10,000, and never 20,000', () => {
    started(19_999);
    expect(numbersAfter(0)).toHaveLength(19_999);
    started(1);
    expect(numbersAfter(9_999)).toBe('TOO_FAR_BEHIND');
    expect(numbersAfter(10_000)).toHaveLength(10_000);
  });

  it('keeps 32 MB, and the newest half above that', () => {
    started(32, { line: 'x'.repeat(MB - 11) });
    expect(numbersAfter(0)).toHaveLength(32);
    started(1);
    expect(numbersAfter(0)).toBe('TOO_FAR_BEHIND');
    expect((numbersAfter(17) as number[])[0]).toBe(18);
    expect(numbersAfter(16)).toBe('TOO_FAR_BEHIND');
    started(1, { line: 'x'.repeat(40 * MB) });
    expect(numbersAfter(33)).toBe('TOO_FAR_BEHIND');
    expect(numbersAfter(feed.seq)).toEqual([]);
  });

  it('gives no position after missed events', () => {
    started(2);
    happens('scheduler.events.missed');
    started(1);
    expect([numbersAfter(0), numbersAfter(2), numbersAfter(3)]).toEqual(['EVENTS_MISSED', 'EVENTS_MISSED', [4]]);
    started(20_000);
    expect([numbersAfter(2), numbersAfter(3)]).toEqual(['EVENTS_MISSED', 'TOO_FAR_BEHIND']);
  });
});
