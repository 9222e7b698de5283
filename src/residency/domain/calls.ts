import { dateOf, daysOf, isWeekend, overlapOf, type DateText, type Period } from './calendar.js';
import type { RotationPlan } from './rotations.js';
import { onVacation, periodOf, type Resident, type Roster } from './roster.js';
import { StaffingError } from './staffing-error.js';
import { WorkDays } from './work-days.js';

/** One night of in-house call. */
export interface CallAssignment {
  /** The date on which it starts. */
  date: DateText;
  residentId: string;
  weekend: boolean;
}

export interface CallSchedule {
  calls: CallAssignment[];
}

interface Turn {
  resident: Resident;
  daysOnRota: number;
  weekendCalls: number;
  calls: number;
  lastCall: number;
}

/**
 * One resident on call for each night of the period (default: all of the roster), shared out by the days that each
 * one is on the rota, weekends by themselves. Turns are counted from the roster's first day whatever the period is, so the schedules of two
 * months fit together. Nobody is called from vacation or on its eve, on a day off or on the eve of one (the morning
 * after would spend it), or sooner than the roster's spacing after the last call.
 * @throws StaffingError naming the first night for which nobody is left
 */
export function generateCallSchedule(
  roster: Roster,
  plan: RotationPlan,
  period: Period = periodOf(roster),
): CallSchedule {
  const workDays = new WorkDays(roster, plan);
  const turns = roster.residents.map((resident): Turn => ({
    resident,
    daysOnRota: 0,
    weekendCalls: 0,
    calls: 0,
    lastCall: -Infinity,
  }));
  const calls: CallAssignment[] = [];
  const { firstDay } = periodOf(roster);
  const wanted = overlapOf(period, periodOf(roster));
  for (const day of daysOf({ firstDay, days: wanted.days && wanted.firstDay + wanted.days - firstDay })) {
    const weekend = isWeekend(day);
    const onRota = turns.filter(({ resident }) => isOnRota(resident, day, workDays));
    for (const turn of onRota) turn.daysOnRota++;
    const next = onRota
      .filter((turn) => day - turn.lastCall >= roster.call.minSpacing)
      .filter(({ resident: { residentId } }) => workDays.works(residentId, day))
      .filter(({ resident }) => !losesDayOff(resident, day + 1, workDays))
      .reduce<Turn | null>((best, turn) => (best && !goesBefore(turn, best, weekend) ? best : turn), null);
    if (!next) throw new StaffingError(`${dateOf(day)}: nobody may be on call (${onRota.length} on the rota)`);
    next.calls++;
    if (weekend) next.weekendCalls++;
    next.lastCall = day;
    if (day >= wanted.firstDay) calls.push({ date: dateOf(day), residentId: next.resident.residentId, weekend });
  }
  return { calls };
}

function isOnRota(resident: Resident, day: number, workDays: WorkDays): boolean {
  if (onVacation(resident, day) || onVacation(resident, day + 1)) return false;
  return workDays.serviceOf(resident.residentId, day)?.takesCall ?? false;
}

function losesDayOff(resident: Resident, dayAfter: number, workDays: WorkDays): boolean {
  const service = workDays.serviceOf(resident.residentId, dayAfter);
  return service !== undefined && !workDays.works(resident.residentId, dayAfter);
}

/** Fewer calls of that kind for the days on the rota first, then fewer calls, the longer wait, the roster's order. */
function goesBefore(a: Turn, b: Turn, weekend: boolean): boolean {
  const [sameKindA, sameKindB] = [a, b].map(({ calls, weekendCalls }) => (weekend ? weekendCalls : calls));
  const byKind = sameKindA! / a.daysOnRota - sameKindB! / b.daysOnRota;
  const byCalls = a.calls / a.daysOnRota - b.calls / b.daysOnRota;
  return (byKind || byCalls || a.lastCall - b.lastCall) < 0;
}
