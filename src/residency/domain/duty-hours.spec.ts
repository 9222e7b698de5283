import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sampleRoster } from '../sample/roster.js';
import { auditRoster } from './audit-roster.js';
import { generateCallSchedule } from './calls.js';
import { checkDutyHours, type DutyAudit } from './duty-hours.js';
import { describeViolation } from './duty-rules.js';
import { assembleRotations } from './rotations.js';
import { dutyShifts, type Shift } from './shifts.js';

const FIRST_DAY = 20_000;
const HOUR = 3_600_000;
const at = (day: number, hour: number) => (FIRST_DAY + day) * 24 * HOUR + hour * HOUR;
const shift = (day: number, hour: number, hours: number): Shift => ({
  residentId: 'r',
  kind: 'service',
  label: 'wards',
  start: at(day, hour),
  end: at(day, hour + hours),
});
const check = (shifts: Shift[], days = 28, away: number[] = []): DutyAudit =>
  checkDutyHours([{ residentId: 'r', vacationDays: new Set(away.map((day) => FIRST_DAY + day)) }], shifts, {
    firstDay: FIRST_DAY,
    days,
  });
const rulesOf = (audit: DutyAudit) => audit.violations.map(({ rule }) => rule);
const week = (day: number, hours: number, workdays = 6) =>
  Array.from({ length: workdays }, (_, i) => shift(day + i, 6, hours));

describe('checkDutyHours', () => {
  it('allows exactly 80 hours a week, and no minute more', () => {
    const weeks = [0, 7, 14, 21].flatMap((day) => [...week(day, 13, 5), shift(day + 5, 6, 15)]);
    expect(check(weeks).violations).toEqual([]);
    expect(check(weeks).residents[0]).toMatchObject({ totalHours: 320, peakWeeklyHours: 80, fewestFreeDays: 4 });
    const minute = { ...shift(0, 19, 0), end: at(0, 19) + 60_000 };
    expect(check([...weeks, minute]).violations).toEqual([
      expect.objectContaining({ rule: 'weekly-hours', limit: 80, windows: 1 }),
    ]);
  });

  it('averages over four weeks: one heavy week among light ones breaks nothing', () => {
    const weeks = [...week(0, 14), ...week(7, 10, 5), ...week(14, 10, 5), ...week(21, 10, 5)];
    expect(check(weeks).residents[0]!.totalHours).toBe(234);
    expect(rulesOf(check(weeks))).toEqual([]);
  });

  it('requires four free days in four weeks', () => {
    const everyDay = Array.from({ length: 28 }, (_, day) => shift(day, 8, 8));
    const without = (...days: number[]) => everyDay.filter((_, day) => !days.includes(day));
    expect(rulesOf(check(without(3, 4, 5, 6)))).toEqual([]);
    expect(check(without(3, 4, 5)).violations).toEqual([
      expect.objectContaining({ rule: 'free-days', found: 3, limit: 4, windows: 1 }),
    ]);
  });

  it('excludes vacation from the average: three weeks of 84 hours are not diluted by one of vacation', () => {
    const weeks = [0, 7, 14].flatMap((day) => week(day, 14));
    const vacation = [21, 22, 23, 24, 25, 26, 27];
    expect(check(weeks).residents[0]!.peakWeeklyHours).toBe(63);
    expect(check(weeks, 28, vacation).violations).toEqual([
      expect.objectContaining({ rule: 'weekly-hours', found: 84 }),
    ]);
    expect(check(weeks, 28, vacation).residents[0]!.fewestFreeDays).toBe(3);
  });

  it('requires 10 hours between shifts and 14 after 24 hours of duty', () => {
    expect(rulesOf(check([shift(0, 8, 12), shift(1, 6, 8)]))).toEqual([]);
    expect(check([shift(0, 8, 12), shift(1, 5.5, 8)]).violations).toEqual([
      expect.objectContaining({
        rule: 'rest',
        found: 9.5,
        limit: 10,
        from: '2024-10-04 20:00',
        to: '2024-10-05 05:30',
      }),
    ]);
    expect(rulesOf(check([shift(0, 7, 24), shift(1, 21, 8)]))).toEqual([]);
    expect(check([shift(0, 7, 24), shift(1, 20, 8)]).violations).toEqual([
      expect.objectContaining({ rule: 'rest', found: 13, limit: 14 }),
    ]);
  });

  it('counts shifts that touch or overlap as one span, its hours once', () => {
    const audit = check([shift(0, 7, 24), shift(1, 7, 6), shift(1, 8, 2)]);
    expect(audit.residents[0]).toMatchObject({ totalHours: 30, longestDuty: 30, shortestRest: null });
    expect(audit.violations).toEqual([expect.objectContaining({ rule: 'continuous-duty', found: 30, limit: 28 })]);
  });

  it('finds what a recount of half hours finds, in any rota', () => {
    // Most days have a shift of a usual length, and some shifts lie across them.
    const usual = fc.option(
      fc.record({ half: fc.integer({ min: 8, max: 40 }), length: fc.integer({ min: 16, max: 34 }) }),
      {
        freq: 6,
      },
    );
    const odd = fc.record({
      day: fc.integer({ min: 0, max: 44 }),
      half: fc.integer({ min: 0, max: 47 }),
      length: fc.integer({ min: 1, max: 60 }),
    });
    const rota = fc
      .record({
        days: fc.integer({ min: 14, max: 45 }),
        daily: fc.array(usual, { minLength: 45, maxLength: 45 }),
        odd: fc.array(odd, { maxLength: 8 }),
        away: fc.uniqueArray(fc.integer({ min: 0, max: 44 }), { maxLength: 25 }),
      })
      .map(({ daily, odd: extra, ...rest }) => ({
        ...rest,
        shifts: [...daily.flatMap((one, day) => (one ? [{ day, ...one }] : [])), ...extra],
      }));
    const seen = new Set<string>();
    fc.assert(
      fc.property(rota, ({ days, shifts, away }) => {
        const all = shifts
          .filter(({ day }) => day < days)
          .map(({ day, half, length }) => shift(day, half / 2, length / 2));
        const audit = check(all, days, away);
        const expected = bruteForceAudit(all, new Set(away.map((day) => FIRST_DAY + day)), FIRST_DAY, days);
        expect(expandWindows(audit)).toEqual(expected.breaches);
        expect(audit.residents[0]).toMatchObject(figuresOf(expected));
        for (const rule of rulesOf(audit)) seen.add(rule);
      }),
      { numRuns: 300 },
    );
    expect(seen).toEqual(new Set(['weekly-hours', 'free-days', 'rest', 'continuous-duty']));
  });

  it('agrees with the recount on the sample roster, and finds the planted violations', () => {
    const plan = assembleRotations(sampleRoster);
    const schedule = generateCallSchedule(sampleRoster, plan);
    const audit = auditRoster(sampleRoster, plan, schedule);
    const all = dutyShifts(sampleRoster, plan, schedule);
    const firstDay = Date.parse(sampleRoster.startDate) / (24 * HOUR);
    for (const { residentId, vacations } of sampleRoster.residents) {
      const away = new Set<number>();
      for (const { firstDate, lastDate } of vacations) {
        for (let day = Date.parse(firstDate); day <= Date.parse(lastDate); day += 24 * HOUR)
          away.add(day / (24 * HOUR));
      }
      const own = all.filter((s) => s.residentId === residentId);
      const expected = bruteForceAudit(own, away, firstDay, 84);
      const residents = audit.residents.filter((r) => r.residentId === residentId);
      const violations = audit.violations.filter((v) => v.residentId === residentId);
      expect(expandWindows({ residents, violations }, firstDay)).toEqual(expected.breaches);
      expect(residents[0]).toMatchObject({ ...figuresOf(expected), violations: violations.length });
    }
    expect(audit.violations.map(({ residentId, rule }) => `${residentId} ${rule}`)).toEqual([
      'okafor weekly-hours',
      'okafor free-days',
      'whitaker rest',
      'kowalczyk continuous-duty',
    ]);
  });

  it('finds nothing in the sample roster without its extra shifts', () => {
    const roster = { ...sampleRoster, extraShifts: [] };
    const plan = assembleRotations(roster);
    expect(auditRoster(roster, plan, generateCallSchedule(roster, plan)).violations).toEqual([]);
  });
});

describe('describeViolation', () => {
  it('states what was found, where, and what is allowed', () => {
    const [violation] = check([shift(0, 7, 24), shift(1, 20, 8)]).violations;
    expect(describeViolation(violation!)).toBe(
      '13 hours of rest from 2024-10-05 07:00 to 2024-10-05 20:00, at least 14 required',
    );
  });
});

/** The recounted figures, to compare with rounded ones. */
function figuresOf({ figures }: RecountedDuty): object {
  return { ...figures, peakWeeklyHours: expect.closeTo(figures.peakWeeklyHours, 1) };
}

/** The violations as a set of single facts: each window by its first day, each stretch or rest by its times. */
function expandWindows({ violations }: DutyAudit, firstDay = FIRST_DAY): string[] {
  return violations
    .flatMap(({ rule, from, to, windows }) => {
      if (rule === 'rest' || rule === 'continuous-duty') return [`${rule} ${from} ${to}`];
      const first = Date.parse(from) / (24 * HOUR) - firstDay;
      return Array.from({ length: windows }, (_, i) => `${rule} window ${first + i}`);
    })
    .sort();
}

/** A shift as the recount sees it: ms since 1970, on whole half hours. */
interface Span {
  start: number;
  end: number;
}

interface RecountedDuty {
  /** Sorted facts such as 'free-days window 3' or 'rest 2024-10-04 20:00 2024-10-05 05:30'. */
  breaches: string[];
  figures: {
    totalHours: number;
    peakWeeklyHours: number;
    fewestFreeDays: number | null;
    shortestRest: number | null;
    longestDuty: number;
  };
}

const HALF_HOUR = 1_800_000;
const SLOTS = 48;

/**
 * The duty-hour rules by brute force: a timeline of half hours is painted with the shifts, and every
 * window, stretch and rest is counted from the paint, each on its own.
 */
function bruteForceAudit(
  shifts: readonly Span[],
  vacationDays: ReadonlySet<number>,
  firstDay: number,
  days: number,
): RecountedDuty {
  const origin = firstDay * SLOTS;
  const painted = new Set<number>();
  for (const { start, end } of shifts) {
    for (let slot = start / HALF_HOUR; slot < end / HALF_HOUR; slot++) painted.add(slot - origin);
  }
  const breaches: string[] = [];
  const worked = (day: number): number => {
    let slots = 0;
    for (let slot = day * SLOTS; slot < (day + 1) * SLOTS; slot++) if (painted.has(slot)) slots++;
    return slots / 2;
  };

  const length = Math.min(28, days);
  let peakWeeklyHours = 0;
  let fewestFreeDays: number | null = null;
  for (let first = 0; first + length <= days; first++) {
    const counted = Array.from({ length }, (_, i) => first + i).filter(
      (day) => worked(day) > 0 || !vacationDays.has(firstDay + day),
    );
    if (counted.length < 7) continue;
    const hours = counted.reduce((total, day) => total + worked(day), 0);
    const weekly = hours / (counted.length / 7);
    const free = counted.filter((day) => worked(day) === 0).length;
    peakWeeklyHours = Math.max(peakWeeklyHours, weekly);
    fewestFreeDays = fewestFreeDays === null ? free : Math.min(fewestFreeDays, free);
    if (weekly > 80 + 1e-9) breaches.push(`weekly-hours window ${first}`);
    if (free < Math.floor(counted.length / 7)) breaches.push(`free-days window ${first}`);
  }

  const stamp = (slot: number): string =>
    new Date((slot + origin) * HALF_HOUR).toISOString().replace('T', ' ').slice(0, 16);
  let shortestRest: number | null = null;
  let longestDuty = 0;
  let dutyFrom: number | null = null;
  let lastEnd: number | null = null;
  let lastDuty = 0;
  const lastSlot = Math.max(-1, ...painted) + 1;
  for (let slot = Math.min(0, ...painted); slot <= lastSlot; slot++) {
    const on = painted.has(slot);
    if (on && dutyFrom === null) {
      dutyFrom = slot;
      if (lastEnd !== null) {
        const rest = (slot - lastEnd) / 2;
        shortestRest = shortestRest === null ? rest : Math.min(shortestRest, rest);
        if (rest < (lastDuty >= 24 ? 14 : 10)) breaches.push(`rest ${stamp(lastEnd)} ${stamp(slot)}`);
      }
    } else if (!on && dutyFrom !== null) {
      lastDuty = (slot - dutyFrom) / 2;
      longestDuty = Math.max(longestDuty, lastDuty);
      if (lastDuty > 28) breaches.push(`continuous-duty ${stamp(dutyFrom)} ${stamp(slot)}`);
      lastEnd = slot;
      dutyFrom = null;
    }
  }

  const inPeriod = [...painted].filter((slot) => slot >= 0 && slot < days * SLOTS).length / 2;
  const figures = {
    totalHours: inPeriod,
    peakWeeklyHours,
    fewestFreeDays,
    shortestRest,
    longestDuty,
  };
  return { breaches: breaches.sort(), figures };
}
