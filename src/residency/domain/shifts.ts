import { dayNumber, daysOf, HOUR, instantOf, type Period } from './calendar.js';
import type { CallSchedule } from './calls.js';
import type { RotationPlan } from './rotations.js';
import { onVacation, periodOf, type Roster } from './roster.js';
import { WorkDays } from './work-days.js';

export type ShiftKind = 'service' | 'call' | 'extra';

/** One stretch of duty. Instants in ms since 1970, on the hospital's wall clock. */
export interface Shift {
  residentId: string;
  kind: ShiftKind;
  /** The service, 'call', or the note of an extra shift. */
  label: string;
  start: number;
  end: number;
}

/**
 * All duty from a plan and its call schedule. A call replaces that day's shift and the next day's (post-call); vacation
 * excludes both; extra shifts are added. Ordered by resident, then by start.
 */
export function dutyShifts(
  roster: Roster,
  plan: RotationPlan,
  schedule: CallSchedule,
  period: Period = periodOf(roster),
): Shift[] {
  const workDays = new WorkDays(roster, plan);
  const callDays = new Set(schedule.calls.map(({ residentId, date }) => `${residentId} ${dayNumber(date)}`));
  const shifts: Shift[] = [];
  for (const resident of roster.residents) {
    const { residentId } = resident;
    const add = (kind: ShiftKind, label: string, day: number, start: string, hours: number): void => {
      const from = instantOf(day, start);
      shifts.push({ residentId, kind, label, start: from, end: from + hours * HOUR });
    };
    for (const day of daysOf(period)) {
      if (callDays.has(`${residentId} ${day}`)) add('call', 'call', day, roster.call.start, roster.call.hours);
      else if (isFree(day)) continue;
      else {
        const { serviceId, pattern } = workDays.serviceOf(residentId, day)!;
        add('service', serviceId, day, pattern.start, pattern.hours);
      }
    }
    for (const extra of roster.extraShifts) {
      const day = dayNumber(extra.date);
      if (extra.residentId !== residentId || day < period.firstDay || day >= period.firstDay + period.days) continue;
      add('extra', extra.note, day, extra.start, extra.hours);
    }

    function isFree(day: number): boolean {
      return callDays.has(`${residentId} ${day - 1}`) || onVacation(resident, day) || !workDays.works(residentId, day);
    }
  }
  const rank = new Map(roster.residents.map(({ residentId }, i) => [residentId, i]));
  return shifts.sort((a, b) => rank.get(a.residentId)! - rank.get(b.residentId)! || a.start - b.start);
}
