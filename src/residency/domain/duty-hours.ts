import { DAY, daysOf, HOUR, roundHours, stampOf, type Period } from './calendar.js';
import { ACGME_RULES, type DutyRules, type RuleName, type Violation } from './duty-rules.js';
import { checkWindows, type DutyDays } from './duty-windows.js';
import type { Shift } from './shifts.js';

/** Totals of the duty of one resident. */
export interface ResidentDuty {
  residentId: string;
  totalHours: number;
  /** The highest average of any window, hours a week; 0 without a full window. */
  peakWeeklyHours: number;
  /** Free days of the window with the fewest; null without a full window. */
  fewestFreeDays: number | null;
  /** Hours; null with fewer than two stretches of duty. */
  shortestRest: number | null;
  longestDuty: number;
  violations: number;
}

export interface DutyAudit {
  residents: ResidentDuty[];
  violations: Violation[];
}

/** Duty without a gap: shifts that touch or overlap are one stretch. */
interface Stretch {
  start: number;
  end: number;
}

/** An audited resident, with the days of absence (day numbers). */
export interface AuditedResident {
  residentId: string;
  vacationDays: ReadonlySet<number>;
}

/**
 * Checks the shifts of a period against the duty-hour rules. Overlapping hours count once. A free day is a calendar day
 * without any duty. Vacation days without duty count neither as free nor as worked: they are excluded from the window.
 */
export function checkDutyHours(
  residents: readonly AuditedResident[],
  shifts: readonly Shift[],
  period: Period,
  rules: DutyRules = ACGME_RULES,
): DutyAudit {
  const audit: DutyAudit = { residents: [], violations: [] };
  for (const { residentId, vacationDays } of residents) {
    const stretches = stretchesOf(shifts.filter((shift) => shift.residentId === residentId));
    const days = dutyDays(stretches, vacationDays, period);
    const windows = checkWindows(residentId, days, period, rules);
    const violations = [...windows.violations, ...checkStretches(residentId, stretches, rules)];
    audit.violations.push(...violations);
    audit.residents.push({
      residentId,
      totalHours: roundHours(days.minutes.reduce((total, minutes) => total + minutes, 0) / 60),
      peakWeeklyHours: windows.peakWeeklyHours,
      fewestFreeDays: windows.fewestFreeDays,
      shortestRest: shortestRest(stretches),
      longestDuty: longestDuty(stretches),
      violations: violations.length,
    });
  }
  return audit;
}

function stretchesOf(shifts: readonly Shift[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { start, end } of [...shifts].sort((a, b) => a.start - b.start)) {
    const last = stretches.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else stretches.push({ start, end });
  }
  return stretches;
}

function checkStretches(residentId: string, stretches: readonly Stretch[], rules: DutyRules): Violation[] {
  const violations: Violation[] = [];
  const add = (rule: RuleName, from: number, to: number, limit: number): void => {
    const found = roundHours((to - from) / HOUR);
    violations.push({ rule, residentId, from: stampOf(from), to: stampOf(to), found, limit, windows: 1 });
  };
  const { longCallHours, maxContinuousHours, minRestAfterCallHours, minRestHours } = rules;
  stretches.forEach(({ start, end }, i) => {
    if (end - start > maxContinuousHours * HOUR) add('continuous-duty', start, end, maxContinuousHours);
    const next = stretches[i + 1];
    const rest = end - start >= longCallHours * HOUR ? minRestAfterCallHours : minRestHours;
    if (next && next.start - end < rest * HOUR) add('rest', end, next.start, rest);
  });
  return violations;
}

function shortestRest(stretches: readonly Stretch[]): number | null {
  if (stretches.length < 2) return null;
  return roundHours(Math.min(...stretches.slice(1).map(({ start }, i) => start - stretches[i]!.end)) / HOUR);
}

function longestDuty(stretches: readonly Stretch[]): number {
  return roundHours(Math.max(0, ...stretches.map(({ start, end }) => end - start)) / HOUR);
}

/** Duty of each day of the period, stretches cut at midnight, and which of the days are vacation. */
function dutyDays(stretches: readonly Stretch[], vacationDays: ReadonlySet<number>, period: Period): DutyDays {
  const minutes = new Array<number>(period.days).fill(0);
  for (const { start, end } of stretches) {
    for (let day = Math.floor(start / DAY); day * DAY < end; day++) {
      const index = day - period.firstDay;
      if (index < 0 || index >= period.days) continue;
      minutes[index]! += (Math.min(end, (day + 1) * DAY) - Math.max(start, day * DAY)) / 60_000;
    }
  }
  return { minutes, away: daysOf(period).map((day, i) => vacationDays.has(day) && minutes[i] === 0) };
}
