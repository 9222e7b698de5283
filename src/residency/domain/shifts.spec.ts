import { describe, expect, it } from '@jest/globals';
import { sampleRoster } from '../sample/roster.js';
import { generateCallSchedule } from './calls.js';
import { assembleRotations } from './rotations.js';
import { dutyShifts } from './shifts.js';

const HALF_HOUR = 1_800_000;
const DAY = 86_400_000;
const plan = assembleRotations(sampleRoster);
const schedule = generateCallSchedule(sampleRoster, plan);
const shifts = dutyShifts(sampleRoster, plan, schedule);
const start = Date.parse(sampleRoster.startDate);

const textOf = (instant: number) => new Date(instant).toISOString().slice(0, 10);
const onCall = (residentId: string, date: string) =>
  schedule.calls.some((c) => c.residentId === residentId && c.date === date);

/** Whether a resident is on duty at an instant, reasoned out for that instant alone. */
function onDuty(residentId: string, instant: number): boolean {
  const resident = sampleRoster.residents.find((r) => r.residentId === residentId)!;
  const hour = (instant % DAY) / 3_600_000;
  const today = textOf(instant);
  const yesterday = textOf(instant - DAY);
  if (onCall(residentId, hour >= 7 ? today : yesterday)) return true;
  for (const extra of sampleRoster.extraShifts) {
    const from = Date.parse(`${extra.date}T${extra.start}:00Z`);
    if (extra.residentId === residentId && from <= instant && instant < from + extra.hours * 3_600_000) return true;
  }
  return [today, yesterday].some((date) => {
    if (onCall(residentId, date) || onCall(residentId, textOf(Date.parse(date) - DAY))) return false;
    if (resident.vacations.some(({ firstDate, lastDate }) => firstDate <= date && date <= lastDate)) return false;
    const place = plan.assignments.filter((a) => a.residentId === residentId && a.firstDate <= date).at(-1);
    if (!place) return false;
    const { pattern } = sampleRoster.services.find(({ serviceId }) => serviceId === place.serviceId)!;
    const weekday = new Date(date).getUTCDay();
    if (!pattern.weekdays.includes(weekday) || (pattern.sixDayWeek && weekday === resident.dayOff)) return false;
    const from = Date.parse(`${date}T${pattern.start}:00Z`);
    return from <= instant && instant < from + pattern.hours * 3_600_000;
  });
}

describe('dutyShifts', () => {
  it('covers exactly the half hours that each resident is on duty', () => {
    for (const { residentId } of sampleRoster.residents) {
      const own = shifts.filter((shift) => shift.residentId === residentId);
      const wrong: string[] = [];
      for (let instant = start; instant < start + 84 * DAY; instant += HALF_HOUR) {
        const covered = own.some((shift) => shift.start <= instant && instant < shift.end);
        if (covered !== onDuty(residentId, instant)) wrong.push(`${residentId} ${new Date(instant).toISOString()}`);
      }
      expect(wrong).toEqual([]);
    }
  });

  it('has a shift of 24 hours for each night of call, and each extra shift', () => {
    const callShifts = shifts.filter(({ kind }) => kind === 'call');
    expect(callShifts).toHaveLength(84);
    expect(new Set(callShifts.map((shift) => shift.end - shift.start))).toEqual(new Set([DAY]));
    expect(
      shifts
        .filter(({ kind }) => kind === 'extra')
        .map(({ label }) => label)
        .sort(),
    ).toEqual(sampleRoster.extraShifts.map(({ note }) => note).sort());
  });

  it('returns only the days of the given period', () => {
    const week = dutyShifts(sampleRoster, plan, schedule, { firstDay: start / DAY + 7, days: 7 });
    expect(week).toEqual(shifts.filter((shift) => shift.start >= start + 7 * DAY && shift.start < start + 14 * DAY));
  });
});
