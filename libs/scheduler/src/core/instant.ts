const IS_DATE = /^\d{4}-\d\d-\d\d$/;
const HAS_ZONE = /\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|GMT|UTC|(?:GMT|UTC)?[+-]\d\d(?::?\d\d)?)(?:\s*\(.*\))?$/i;

const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec';
const ISO_DAY = /^(\d{4})-(\d\d)-(\d\d)/;
/** `1 Mar 2026` and `Mar 01 2026`. */
const NAMED_DAY = /\b(?:(\d{1,2}) ([a-z]{3})|([a-z]{3}) (\d{1,2})),? (\d{4})\b/i;

/**
 * ms of an instant given as a Date, ms, a date (midnight in UTC, as in JavaScript) or text with a zone; NaN for anything else.
 * Text without a zone would be a different instant on each machine; a day that its month does not have, which JavaScript counts
 * on into the next month, is a mistake.
 */
export function instantOf(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !(IS_DATE.test(value) || HAS_ZONE.test(value))) return Number.NaN;
  return hasRealDay(value) ? Date.parse(value) : Number.NaN;
}

/** False only if the text names a day beyond the end of its month. */
function hasRealDay(text: string): boolean {
  const [, isoYear, isoMonth, isoDay] = ISO_DAY.exec(text) ?? [];
  if (isoDay !== undefined) return Number(isoDay) <= lastDay(Number(isoYear), Number(isoMonth));
  const [, before, name, otherName, after, year] = NAMED_DAY.exec(text) ?? [];
  if (year === undefined) return true;
  const month = MONTHS.indexOf((name ?? otherName)!.toLowerCase()) / 3 + 1;
  return month < 1 || Number(before ?? after) <= lastDay(Number(year), month);
}

/** @param month from 1 */
function lastDay(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
