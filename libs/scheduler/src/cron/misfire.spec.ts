import { describe, expect, it } from '@jest/globals';
import type { MisfirePolicy } from '../core/schedule.js';
import { parseCron } from './cron-expression.js';
import { decideTicks, firstFire, type TickDecisionInput } from './misfire.js';
import { cpuTime } from '../../../../test/support/cpu-time.js';

const MINUTE_MS = 60_000;
const at = (minute: number, second = 0) => Date.UTC(2026, 0, 1, 12, minute, second);

/** Every minute, the first undecided tick at 12:00. */
function decide(misfire: MisfirePolicy, now: number, more: Partial<TickDecisionInput> = {}) {
  const cron = parseCron('* * * * *');
  return decideTicks({ cron, nextRunTime: at(0), now, misfire, startTime: null, endTime: null, ...more });
}
const runs = (...times: number[]) => times.map((time) => ({ time, leaveOut: false }));

describe('decideTicks', () => {
  describe.each<[string, MisfirePolicy]>([
    ['skip', 'skip'],
    ['once', 'once'],
    ['all: 1', { all: 1 }],
  ])('misfire %s', (_, misfire) => {
    it('runs a tick on time', () => {
      expect(decide(misfire, at(0))).toEqual({ ticks: runs(at(0)), nextRunTime: at(1), missed: 0 });
      expect(decide(misfire, at(0, 59))).toEqual({ ticks: runs(at(0)), nextRunTime: at(1), missed: 0 });
    });

    it('runs each of several ticks within the threshold', () => {
      const cron = parseCron('*/10 * * * * *');
      expect(decide(misfire, at(0, 25), { cron }).ticks).toEqual(runs(at(0), at(0, 10), at(0, 20)));
      expect(decide(misfire, at(1), {})).toEqual({ ticks: runs(at(0), at(1)), nextRunTime: at(2), missed: 0 });
    });

    it('has nothing to do before the next tick, even when the clock went back', () => {
      expect(decide(misfire, at(0) - 1)).toEqual({ ticks: [], nextRunTime: at(0), missed: 0 });
      expect(decide(misfire, at(-5))).toEqual({ ticks: [], nextRunTime: at(0), missed: 0 });
    });
  });

  it('counts a tick just past the threshold as missed', () => {
    const cron = parseCron('0 * * * *');
    expect(decide('skip', at(1), { cron }).ticks).toEqual(runs(at(0)));
    expect(decide('skip', at(1) + 1, { cron })).toEqual({
      ticks: [{ time: at(0), leaveOut: true }],
      nextRunTime: at(60),
      missed: 1,
    });
    expect(decide('skip', at(1) + 1, { cron, threshold: 2 * MINUTE_MS }).ticks).toEqual(runs(at(0)));
    expect(decide('once', at(59), { cron })).toEqual({ ticks: runs(at(0)), nextRunTime: at(60), missed: 0 });
  });

  it('skip: reports the latest missed tick, runs those on time', () => {
    expect(decide('skip', at(10, 30))).toEqual({
      ticks: [{ time: at(9), leaveOut: true }, ...runs(at(10))],
      nextRunTime: at(11),
      missed: 10,
    });
  });

  it('once: all due ticks collapse into the latest', () => {
    expect(decide('once', at(10, 30))).toEqual({ ticks: runs(at(10)), nextRunTime: at(11), missed: 10 });
    const cron = parseCron('*/5 * * * *');
    expect(decide('once', at(13), { cron })).toEqual({ ticks: runs(at(10)), nextRunTime: at(15), missed: 2 });
  });

  it('all: the latest n run, older ones are dropped', () => {
    expect(decide({ all: 3 }, at(10, 30))).toEqual({
      ticks: runs(at(8), at(9), at(10)),
      nextRunTime: at(11),
      missed: 8,
    });
    expect(decide({ all: 100 }, at(4))).toEqual({
      ticks: runs(at(0), at(1), at(2), at(3), at(4)),
      nextRunTime: at(5),
      missed: 0,
    });
  });

  it('all: ticks on time run, even beyond n', () => {
    const cron = parseCron('*/20 * * * * *');
    const { ticks, missed } = decide({ all: 2 }, at(5), { cron });
    expect(ticks).toEqual(runs(at(4), at(4, 20), at(4, 40), at(5)));
    expect(missed).toBe(12);
  });

  it('runs at most 1000', () => {
    const cron = parseCron('* * * * * *');
    const { ticks, missed } = decide({ all: 1_000_000 }, at(100), { cron });
    expect(ticks).toHaveLength(1000);
    expect(ticks[0]!.time).toBe(at(100) - 999_000);
    expect(ticks.at(-1)!.time).toBe(at(100));
    expect(missed).toBe(1000);
  });

  it('respects startTime and endTime', () => {
    expect(decide({ all: 9 }, at(10), { endTime: at(3) })).toEqual({
      ticks: runs(at(0), at(1), at(2), at(3)),
      nextRunTime: null,
      missed: 0,
    });
    expect(decide('once', at(3), { endTime: at(3) })).toEqual({ ticks: runs(at(3)), nextRunTime: null, missed: 3 });
    expect(decide('once', at(3), { endTime: at(4) }).nextRunTime).toBe(at(4));
    expect(decide({ all: 9 }, at(2), { startTime: at(1) }).ticks).toEqual(runs(at(1), at(2)));
    expect(decide('once', at(2), { startTime: at(30) })).toEqual({ ticks: [], nextRunTime: at(30), missed: 0 });
  });

  it('runs no instant that the expression does not match, as after a change of the zone data', () => {
    const cron = parseCron('30 * * * *');
    expect(decide('once', at(1), { cron })).toEqual({ ticks: [], nextRunTime: at(30), missed: 0 });
  });

  describe('after an outage of a year', () => {
    const now = at(0, 0);
    const nextRunTime = Date.UTC(2025, 0, 1);

    it.each<[string, MisfirePolicy, number[]]>([
      ['* * * * * *', 'once', [now]],
      ['* * * * * *', { all: 5 }, Array.from({ length: 61 }, (_, i) => now - (60 - i) * 1000)],
      ['*/5 * * * *', { all: 3 }, [now - 10 * MINUTE_MS, now - 5 * MINUTE_MS, now]],
      ['* * 1 6 *', 'once', [Date.UTC(2025, 5, 1, 21, 59)]],
      ['59 * * * * *', { all: 2 }, [now - 61_000, now - 1000]],
    ])('%s with %j is decided at once', (expression, misfire, expected) => {
      const took = cpuTime();
      const decision = decide(misfire, now, { cron: parseCron(expression, 'Europe/Berlin'), nextRunTime });
      expect(took()).toBeLessThan(2_000);
      expect(decision.ticks).toEqual(runs(...expected));
      expect(decision.missed).toBe(1000);
    });

    it('skip reports the one latest missed tick', () => {
      const decision = decide('skip', now, { cron: parseCron('* * * * * *'), nextRunTime, threshold: 500 });
      expect(decision.ticks).toEqual([{ time: now - 1000, leaveOut: true }, ...runs(now)]);
    });
  });

  it('loses and repeats no tick over many decisions, whenever they are made', () => {
    const cron = parseCron('*/7 * * * * *');
    const seen: number[] = [];
    let nextRunTime: number | null = at(0);
    let now = at(0);
    for (let i = 0; now < at(30); i++) {
      now += 1 + ((i * 7919) % 45_000);
      const decision = decideTicks({
        cron,
        nextRunTime: nextRunTime!,
        now,
        misfire: 'skip',
        startTime: null,
        endTime: null,
      });
      seen.push(...decision.ticks.map((tick) => tick.time));
      nextRunTime = decision.nextRunTime;
      expect(nextRunTime).toBeGreaterThan(now);
    }
    const expected: number[] = [];
    for (let time = at(0); time <= now; time += 1000) if (new Date(time).getUTCSeconds() % 7 === 0) expected.push(time);
    expect(seen).toEqual(expected);
  });
});

describe('firstFire', () => {
  const hourly = parseCron('0 * * * *');
  const now = Date.UTC(2026, 0, 1, 0, 30);
  const hour = (n: number) => Date.UTC(2026, 0, 1, n);

  it('comes after now', () => {
    expect(firstFire(hourly, null, null, now)).toBe(hour(1));
    expect(firstFire(hourly, null, null, hour(1))).toBe(hour(2));
    expect(firstFire(hourly, hour(-240), null, now)).toBe(hour(1));
  });

  it('can be at startTime, not before it', () => {
    expect(firstFire(hourly, hour(5), null, now)).toBe(hour(5));
    expect(firstFire(hourly, hour(5) + 1, null, now)).toBe(hour(6));
  });

  it('can be at endTime, not after it', () => {
    expect(firstFire(hourly, null, hour(1), now)).toBe(hour(1));
    expect(firstFire(hourly, null, hour(1) - 1, now)).toBeNull();
    expect(firstFire(hourly, hour(5), hour(4), now)).toBeNull();
  });
});
