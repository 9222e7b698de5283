import type { ParsedCron } from './cron-expression.js';

const DAY_MS = 86_400_000;

/**
 * The first time in [from, until) at which a wall clock matches the expression, or null. Wall times are ms since 1970
 * on a clock without zone or DST, so UTC getters can read them.
 */
export function nextWallTime(cron: ParsedCron, from: number, until: number): number | null {
  let midnight = Math.floor(from / DAY_MS) * DAY_MS;
  let second = Math.ceil((from - midnight) / 1000);
  while (midnight < until) {
    const date = new Date(midnight);
    if (!cron.months.has(date.getUTCMonth() + 1)) {
      midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
    } else {
      const time = matchesDay(cron, date) ? timeOfDay(cron, second) : null;
      if (time !== null) {
        const found = midnight + time * 1000;
        return found < until ? found : null;
      }
      midnight += DAY_MS;
    }
    second = 0;
  }
  return null;
}

/** Standard cron: if both day of month and weekday are restricted, either is enough. */
function matchesDay({ daysOfMonth, weekdays }: ParsedCron, date: Date): boolean {
  if (!daysOfMonth && !weekdays) return true;
  const day = date.getUTCDate();
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  if (daysOfMonth) {
    if (daysOfMonth.dates.has(day) || (daysOfMonth.last && day === lastDay(year, month))) return true;
  }
  if (!weekdays) return false;
  const weekday = date.getUTCDay();
  if (weekdays.days.has(weekday) && (weekdays.nth === 0 || Math.ceil(day / 7) === weekdays.nth)) return true;
  return weekdays.lastOfMonth.has(weekday) && day + 7 > lastDay(year, month);
}

function lastDay(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
}

/** The first second of the day, at or after `from`, that matches the expression. */
function timeOfDay({ hours, minutes, seconds }: ParsedCron, from: number): number | null {
  for (const hour of hours) {
    if ((hour + 1) * 3600 <= from) continue;
    for (const minute of minutes) {
      const start = hour * 3600 + minute * 60;
      if (start + 60 <= from) continue;
      for (const second of seconds) if (start + second >= from) return start + second;
    }
  }
  return null;
}
