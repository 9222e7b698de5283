import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sampleRoster } from '../sample/roster.js';
import { monthPeriod } from './calendar.js';
import { generateCallSchedule } from './calls.js';
import { assembleRotations, type RotationPlan } from './rotations.js';
import type { Roster } from './roster.js';
import { StaffingError } from './staffing-error.js';

const plan = assembleRotations(sampleRoster);
const { calls } = generateCallSchedule(sampleRoster, plan);
const FIRST = Date.parse(sampleRoster.startDate);
const dates = Array.from({ length: 84 }, (_, i) => new Date(FIRST + i * 86_400_000).toISOString().slice(0, 10));

const residentOf = (residentId: string) => sampleRoster.residents.find((r) => r.residentId === residentId)!;
const serviceOn = (residentId: string, date: string) =>
  plan.assignments.filter((a) => a.residentId === residentId && a.firstDate <= date).at(-1)!.serviceId;
const next = (date: string) => new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
const isAway = (residentId: string, date: string) =>
  residentOf(residentId).vacations.some(({ firstDate, lastDate }) => firstDate <= date && date <= lastDate);
const hasDayOff = (residentId: string, date: string) =>
  ['wards', 'icu', 'ed'].includes(serviceOn(residentId, date))
    ? new Date(date).getUTCDay() === residentOf(residentId).dayOff
    : [0, 6].includes(new Date(date).getUTCDay());

describe('generateCallSchedule', () => {
  it('has one resident of the wards or the ICU on call for every night, in order', () => {
    expect(calls.map(({ date }) => date)).toEqual(dates);
    for (const { residentId, date } of calls) expect(['wards', 'icu']).toContain(serviceOn(residentId, date));
  });

  it('marks weekend nights', () => {
    const names = new Set(calls.filter(({ weekend }) => weekend).map(({ date }) => new Date(date).getUTCDay()));
    expect([...names].sort()).toEqual([0, 6]);
    expect(calls.filter(({ weekend }) => weekend)).toHaveLength(24);
  });

  it('assigns no resident on or before a vacation or a day off', () => {
    for (const { residentId, date } of calls) {
      expect({ residentId, date, away: isAway(residentId, date) || isAway(residentId, next(date)) }).toMatchObject({
        away: false,
      });
      expect({ residentId, date, off: hasDayOff(residentId, date) }).toMatchObject({ off: false });
      const dayAfter = next(date);
      if (dayAfter < '2026-09-28')
        expect({ residentId, date, off: hasDayOff(residentId, dayAfter) }).toMatchObject({ off: false });
    }
  });

  it.each(['2026-08-02', '2026-07-15'])(
    'skips residents whose vacation starts on the day after %s, or who are away then',
    (date) => {
      const { residentId } = calls.find((call) => call.date === date)!;
      for (const firstDate of [date, next(date)]) {
        const residents = sampleRoster.residents.map((resident) =>
          resident.residentId === residentId
            ? { ...resident, vacations: [{ firstDate, lastDate: firstDate }] }
            : resident,
        );
        const changed = generateCallSchedule({ ...sampleRoster, residents }, plan).calls;
        expect(changed.find((call) => call.date === date)!.residentId).not.toBe(residentId);
      }
    },
  );

  it('leaves at least the spacing between two calls of a resident', () => {
    const index = new Map(dates.map((date, i) => [date, i]));
    for (const { residentId } of sampleRoster.residents) {
      const nights = calls.filter((call) => call.residentId === residentId).map(({ date }) => index.get(date)!);
      for (let i = 1; i < nights.length; i++) expect(nights[i]! - nights[i - 1]!).toBeGreaterThanOrEqual(3);
    }
  });

  it('distributes the nights fairly by time on the rota', () => {
    const daysPerCall = sampleRoster.residents.flatMap(({ residentId }) => {
      const nights = calls.filter((call) => call.residentId === residentId).length;
      const daysOnRota = dates.filter((date) => ['wards', 'icu'].includes(serviceOn(residentId, date))).length;
      if (daysOnRota === 0) expect(nights).toBe(0);
      return daysOnRota === 0 ? [] : [daysOnRota / nights];
    });
    // 7 or 8 residents stand on the rota: a fair share is one night in 7 or 8, which whole nights cannot always meet.
    expect(daysPerCall).toHaveLength(13);
    expect(Math.min(...daysPerCall)).toBeGreaterThan(6);
    expect(Math.max(...daysPerCall)).toBeLessThan(10);
  });

  it('returns for a month what the whole schedule has in that month', () => {
    const august = generateCallSchedule(sampleRoster, plan, monthPeriod('2026-08'));
    expect(august.calls).toEqual(calls.filter(({ date }) => date.startsWith('2026-08')));
    expect(august.calls).toHaveLength(31);
    expect(generateCallSchedule(sampleRoster, plan, monthPeriod('2027-01')).calls).toEqual([]);
  });

  it('names the first night without an available resident', () => {
    const call = { ...sampleRoster.call, minSpacing: 60 };
    expect(() => generateCallSchedule({ ...sampleRoster, call }, plan)).toThrow(StaffingError);
    expect(() => generateCallSchedule({ ...sampleRoster, call }, plan)).toThrow(
      /^2026-07-\d\d: no resident may be on call/,
    );
  });

  it('fills a rota if and only if that is possible', () => {
    let filled = 0;
    let refused = 0;
    fc.assert(
      fc.property(smallRota, (roster) => {
        const possible = canBeFilled(roster);
        if (possible) {
          filled++;
          const schedule = generateCallSchedule(roster, everybodyOnWards(roster)).calls;
          expect(schedule).toHaveLength(28);
          const days = schedule.map(({ date }) => Date.parse(date) / 86_400_000);
          schedule.forEach(({ residentId }, i) => {
            expect(mayBeCalled(roster, residentId, days[i]!)).toBe(true);
            const again = schedule.findIndex((call, j) => j > i && call.residentId === residentId);
            if (again > 0) expect(again - i).toBeGreaterThanOrEqual(roster.call.minSpacing);
          });
        } else {
          refused++;
          expect(() => generateCallSchedule(roster, everybodyOnWards(roster))).toThrow(StaffingError);
        }
      }),
      { numRuns: 300, seed: 5 },
    );
    expect(Math.min(filled, refused)).toBeGreaterThan(30);
  });
});

const smallRota = fc
  .record({
    spacing: fc.integer({ min: 1, max: 4 }),
    residents: fc.array(
      fc.record({
        dayOff: fc.integer({ min: 0, max: 6 }),
        away: fc.option(fc.integer({ min: 0, max: 25 }), { freq: 2 }),
      }),
      { minLength: 3, maxLength: 6 },
    ),
  })
  .map(({ spacing, residents }): Roster => ({
    ...sampleRoster,
    blocks: 1,
    call: { ...sampleRoster.call, minSpacing: spacing },
    residents: residents.map(({ dayOff, away }, i) => ({
      ...sampleRoster.residents[0]!,
      residentId: `r${i}`,
      dayOff,
      vacations: away === null ? [] : [{ firstDate: dates[away]!, lastDate: dates[away + 2]! }],
    })),
  }));

function everybodyOnWards(roster: Roster): RotationPlan {
  const place = { block: 0, firstDate: roster.startDate, serviceId: 'wards', core: true };
  return { assignments: roster.residents.map(({ residentId }) => ({ ...place, residentId })) };
}

function mayBeCalled(roster: Roster, residentId: string, day: number): boolean {
  const { dayOff, vacations } = roster.residents.find((r) => r.residentId === residentId)!;
  const lastDay = FIRST / 86_400_000 + 27;
  return [day, day + 1].every((each) => {
    const date = new Date(each * 86_400_000);
    const text = date.toISOString().slice(0, 10);
    if (vacations.some(({ firstDate, lastDate }) => firstDate <= text && text <= lastDate)) return false;
    return each > lastDay || date.getUTCDay() !== dayOff;
  });
}

/** Whether the nights can be filled: the set of all states that can be reached, night by night. */
function canBeFilled(roster: Roster): boolean {
  const { residents, call } = roster;
  // A state says for each resident how many nights of rest are still owed.
  let states = new Set([residents.map(() => 0).join()]);
  for (let day = FIRST / 86_400_000; day < FIRST / 86_400_000 + 28; day++) {
    const reached = new Set<string>();
    for (const state of states) {
      const owed = state.split(',').map(Number);
      residents.forEach(({ residentId }, i) => {
        if (owed[i] !== 0 || !mayBeCalled(roster, residentId, day)) return;
        reached.add(owed.map((nights, j) => (j === i ? call.minSpacing - 1 : Math.max(0, nights - 1))).join());
      });
    }
    states = reached;
  }
  return states.size > 0;
}
