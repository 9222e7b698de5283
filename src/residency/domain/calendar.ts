/**
 * Days and hours of a program, by the hospital's wall clock without daylight-saving shifts: a 24-hour call is 24 hours
 * on every night of the year, as in the duty-hour rules.
 */

/** A calendar date, 'YYYY-MM-DD'. */
export type DateText = string;

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Days since 1970-01-01. Throws RangeError if the text is not a date. */
export function dayNumber(date: DateText): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date) {
    throw new RangeError(`${JSON.stringify(date)} is not a date; allowed: YYYY-MM-DD`);
  }
  return ms / DAY;
}

export function dateOf(day: number): DateText {
  return new Date(day * DAY).toISOString().slice(0, 10);
}

/** 0 Sunday to 6 Saturday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

export function isWeekend(day: number): boolean {
  const weekday = weekdayOf(day);
  return weekday === 0 || weekday === 6;
}

/** Milliseconds since 1970 of a time of day, 'HH:MM', on a day. Throws RangeError if the text is not a time of day. */
export function instantOf(day: number, timeOfDay: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(timeOfDay);
  if (!match) throw new RangeError(`${JSON.stringify(timeOfDay)} is not a time of day; allowed: HH:MM`);
  return day * DAY + Number(match[1]) * HOUR + Number(match[2]) * 60_000;
}

/** 'YYYY-MM-DD HH:MM' of an instant. */
export function stampOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 16).replace('T', ' ');
}

/** A number of consecutive days. */
export interface Period {
  /** Its first day. */
  firstDay: number;
  /** Number of days. */
  days: number;
}

/** The days of a month, 'YYYY-MM'. Throws RangeError if the text is not a month. */
export function monthPeriod(month: string): Period {
  const firstDay = dayNumber(`${month}-01`);
  const year = Number(month.slice(0, 4));
  const next = Date.UTC(year, Number(month.slice(5)), 1) / DAY;
  return { firstDay, days: next - firstDay };
}

/** The common days of two periods; zero days if there are none. */
export function overlapOf(a: Period, b: Period): Period {
  const firstDay = Math.max(a.firstDay, b.firstDay);
  const end = Math.min(a.firstDay + a.days, b.firstDay + b.days);
  return { firstDay, days: Math.max(0, end - firstDay) };
}

export function daysOf(period: Period): number[] {
  return Array.from({ length: period.days }, (_, i) => period.firstDay + i);
}

/** Hours with two decimals, for display. */
export function roundHours(hours: number): number {
  return Math.round(hours * 100) / 100;
}
