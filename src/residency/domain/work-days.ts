import { weekdayOf } from './calendar.js';
import type { RotationPlan } from './rotations.js';
import { BLOCK_DAYS, periodOf, type Roster, type Service } from './roster.js';

/** Looks up where residents work on a day, from a rotation plan. */
export class WorkDays {
  private readonly firstDay: number;
  private readonly services: ReadonlyMap<string, Service>;
  private readonly serviceIdOf = new Map<string, string>();
  private readonly dayOffOf: ReadonlyMap<string, number>;

  constructor(roster: Roster, plan: RotationPlan) {
    this.firstDay = periodOf(roster).firstDay;
    this.services = new Map(roster.services.map((service) => [service.serviceId, service]));
    this.dayOffOf = new Map(roster.residents.map(({ residentId, dayOff }) => [residentId, dayOff]));
    for (const { block, residentId, serviceId } of plan.assignments) {
      this.serviceIdOf.set(`${block} ${residentId}`, serviceId);
    }
  }

  /** The service of a resident on a day, or undefined outside of the plan. */
  serviceOf(residentId: string, day: number): Service | undefined {
    const block = Math.floor((day - this.firstDay) / BLOCK_DAYS);
    return this.services.get(this.serviceIdOf.get(`${block} ${residentId}`) ?? '');
  }

  /** Whether the resident's service works on that day and it is not the resident's day off. */
  works(residentId: string, day: number): boolean {
    const service = this.serviceOf(residentId, day);
    if (!service) return false;
    const { weekdays, sixDayWeek } = service.pattern;
    if (!weekdays.includes(weekdayOf(day))) return false;
    return !sixDayWeek || this.dayOffOf.get(residentId) !== weekdayOf(day);
  }
}
