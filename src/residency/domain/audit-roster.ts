import { daysOf } from './calendar.js';
import type { CallSchedule } from './calls.js';
import { checkDutyHours, type DutyAudit } from './duty-hours.js';
import type { RotationPlan } from './rotations.js';
import { onVacation, periodOf, type Roster } from './roster.js';
import { dutyShifts } from './shifts.js';

/** Checks all planned duty of a roster against the duty-hour rules. */
export function auditRoster(roster: Roster, plan: RotationPlan, schedule: CallSchedule): DutyAudit {
  const period = periodOf(roster);
  const residents = roster.residents.map((resident) => ({
    residentId: resident.residentId,
    vacationDays: new Set(daysOf(period).filter((day) => onVacation(resident, day))),
  }));
  return checkDutyHours(residents, dutyShifts(roster, plan, schedule, period), period);
}
