import { dateOf, roundHours, type Period } from './calendar.js';
import type { DutyRules, RuleName, Violation } from './duty-rules.js';

/** One resident's days, by index in the period. */
export interface DutyDays {
  /** Duty of the day in whole minutes, so sums stay exact. */
  minutes: readonly number[];
  /** Vacation days without duty, which are excluded from windows. */
  away: readonly boolean[];
}

export interface WindowFigures {
  violations: Violation[];
  peakWeeklyHours: number;
  fewestFreeDays: number | null;
}

interface WindowSums {
  minutes: number;
  counted: number;
  free: number;
}

/**
 * Checks the averaged rules in every window of `windowDays` days within the period (the whole period, if that is
 * shorter). A window with fewer than seven counted days is skipped.
 */
export function checkWindows(residentId: string, days: DutyDays, period: Period, rules: DutyRules): WindowFigures {
  const length = Math.min(rules.windowDays, period.days);
  const overHours = new Runs('weekly-hours', residentId, period, length);
  const underFree = new Runs('free-days', residentId, period, length);
  let peakWeeklyHours = 0;
  let fewestFreeDays: number | null = null;
  const sums: WindowSums = { minutes: 0, counted: 0, free: 0 };
  for (let day = 0; day < period.days; day++) {
    count(sums, days, day, 1);
    if (day >= length) count(sums, days, day - length, -1);
    if (day < length - 1 || sums.counted < 7) continue;
    const start = day - length + 1;
    const weekly = roundHours((sums.minutes * 7) / (60 * sums.counted));
    const required = Math.floor(sums.counted / rules.daysPerFreeDay);
    peakWeeklyHours = Math.max(peakWeeklyHours, weekly);
    fewestFreeDays = Math.min(fewestFreeDays ?? sums.free, sums.free);
    const { maxWeeklyHours } = rules;
    if (sums.minutes * 7 > maxWeeklyHours * 60 * sums.counted) {
      overHours.add(start, weekly, maxWeeklyHours, weekly - maxWeeklyHours);
    }
    if (sums.free < required) underFree.add(start, sums.free, required, required - sums.free);
  }
  return { violations: [...overHours.violations(), ...underFree.violations()], peakWeeklyHours, fewestFreeDays };
}

function count(sums: WindowSums, { minutes, away }: DutyDays, day: number, sign: 1 | -1): void {
  if (away[day]) return;
  sums.counted += sign;
  sums.minutes += sign * minutes[day]!;
  if (minutes[day] === 0) sums.free += sign;
}

/** Merges consecutive windows that violate one rule into one violation with the worst value. */
class Runs {
  private readonly runs: { first: number; last: number; found: number; limit: number; excess: number }[] = [];

  constructor(
    private readonly rule: RuleName,
    private readonly residentId: string,
    private readonly period: Period,
    private readonly length: number,
  ) {}

  add(start: number, found: number, limit: number, excess: number): void {
    const run = this.runs.at(-1);
    if (run?.last !== start - 1) {
      this.runs.push({ first: start, last: start, found, limit, excess });
      return;
    }
    run.last = start;
    if (excess > run.excess) Object.assign(run, { found, limit, excess });
  }

  violations(): Violation[] {
    return this.runs.map(({ first, last, found, limit }) => ({
      rule: this.rule,
      residentId: this.residentId,
      from: dateOf(this.period.firstDay + first),
      to: dateOf(this.period.firstDay + last + this.length - 1),
      found,
      limit,
      windows: last - first + 1,
    }));
  }
}
