import { dateOf, daysOf, isWeekend, type DateText, type Period } from './calendar.js';
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

/** One night to fill, with the residents on the rota of the call and those of them who may be called. */
interface Night {
  day: number;
  weekend: boolean;
  onRota: Turn[];
  callable: Turn[];
}

/** How often a resident has been called. */
interface Turn {
  resident: Resident;
  daysOnRota: number;
  weekendCalls: number;
  calls: number;
  lastCall: number;
}

/** Choices that the search makes before it gives up; a feasible roster takes a few for each night. */
const MAX_CHOICES = 200_000;

/**
 * Assigns one resident to each night of the period (default: the whole roster), in proportion to the days that each is
 * on the rota, weekends separately. No resident is called during or on the eve of a vacation, on a day off or on its
 * eve (the morning after would use it), or sooner after the last call than the roster's spacing. The schedule is
 * computed for the whole roster whatever the period, so the schedules of two months fit together.
 * @throws StaffingError with the night that could not be filled
 */
export function generateCallSchedule(
  roster: Roster,
  plan: RotationPlan,
  period: Period = periodOf(roster),
): CallSchedule {
  const nights = nightsOf(roster, plan);
  const chosen = new CallSearch(nights, roster.call.minSpacing).fill();
  const calls = nights.map(({ day, weekend }, i) => ({ day, weekend, residentId: chosen[i]!.resident.residentId }));
  return {
    calls: calls
      .filter(({ day }) => period.firstDay <= day && day < period.firstDay + period.days)
      .map(({ day, weekend, residentId }) => ({ date: dateOf(day), residentId, weekend })),
  };
}

function nightsOf(roster: Roster, plan: RotationPlan): Night[] {
  const workDays = new WorkDays(roster, plan);
  const turns = roster.residents.map((resident): Turn => ({
    resident,
    daysOnRota: 0,
    weekendCalls: 0,
    calls: 0,
    lastCall: -Infinity,
  }));
  return daysOf(periodOf(roster)).map((day) => {
    const onRota = turns.filter(({ resident }) => isOnRota(resident, day, workDays));
    const callable = onRota.filter(
      ({ resident }) => workDays.works(resident.residentId, day) && !losesDayOff(resident, day + 1, workDays),
    );
    return { day, weekend: isWeekend(day), onRota, callable };
  });
}

function isOnRota(resident: Resident, day: number, workDays: WorkDays): boolean {
  if (onVacation(resident, day) || onVacation(resident, day + 1)) return false;
  return workDays.serviceOf(resident.residentId, day)?.takesCall ?? false;
}

function losesDayOff(resident: Resident, dayAfter: number, workDays: WorkDays): boolean {
  const service = workDays.serviceOf(resident.residentId, dayAfter);
  return service !== undefined && !workDays.works(resident.residentId, dayAfter);
}

/** Fills night after night with the fairest choice, and backtracks if a later night stays empty. */
class CallSearch {
  private readonly chosen: Turn[] = [];
  /** Nights, with the residents called just before, from which there is no solution. */
  private readonly dead = new Set<string>();
  private choices = 0;
  private furthest = 0;

  constructor(
    private readonly nights: readonly Night[],
    private readonly minSpacing: number,
  ) {}

  fill(): readonly Turn[] {
    if (this.fillFrom(0)) return this.chosen;
    const { day, onRota } = this.nights[this.furthest]!;
    throw new StaffingError(`${dateOf(day)}: no resident may be on call (${onRota.length} on the rota)`);
  }

  private fillFrom(index: number): boolean {
    const night = this.nights[index];
    if (!night) return true;
    this.furthest = Math.max(this.furthest, index);
    // Whether the rest can be filled depends on the residents who must still rest, not on earlier calls.
    const resting = this.chosen.slice(Math.max(0, index - this.minSpacing + 1), index);
    const key = [index, ...resting.map(({ resident }) => resident.residentId)].join(' ');
    if (this.dead.has(key)) return false;
    for (const turn of night.onRota) turn.daysOnRota++;
    const candidates = night.callable.filter(({ lastCall }) => night.day - lastCall >= this.minSpacing);
    for (const turn of candidates.sort((a, b) => compareTurns(a, b, night.weekend))) {
      if (++this.choices > MAX_CHOICES) break;
      const before = { ...turn };
      turn.calls++;
      if (night.weekend) turn.weekendCalls++;
      turn.lastCall = night.day;
      this.chosen[index] = turn;
      if (this.fillFrom(index + 1)) return true;
      Object.assign(turn, before);
    }
    for (const turn of night.onRota) turn.daysOnRota--;
    this.dead.add(key);
    return false;
  }
}

/** Fewer calls of that kind per day on the rota first, then fewer calls, the longer wait, the roster's order. */
function compareTurns(a: Turn, b: Turn, weekend: boolean): number {
  const ofKind = ({ calls, weekendCalls }: Turn) => (weekend ? weekendCalls : calls);
  const byKind = ofKind(a) / a.daysOnRota - ofKind(b) / b.daysOnRota;
  const byCalls = a.calls / a.daysOnRota - b.calls / b.daysOnRota;
  // Neither was called yet: -Infinity - -Infinity is NaN, and counts as equal.
  return byKind || byCalls || a.lastCall - b.lastCall || 0;
}
