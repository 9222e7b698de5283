import { CronExpressionParser, type CronFieldCollection } from 'cron-parser';
import { CronNeverFiresError, InvalidCronExpressionError, show } from '../core/errors.js';
import { findSyntaxProblem, normalize } from './cron-syntax.js';
import { TimeZone } from './time-zone.js';

/** A checked cron expression, expanded into its values. Immutable and reusable. */
export interface ParsedCron {
  readonly expression: string;
  readonly timezone: string;
  readonly zone: TimeZone;
  /** Ascending. */
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** 1 to 12. */
  readonly months: ReadonlySet<number>;
  /** null: the field is `*` or `?`. */
  readonly daysOfMonth: { readonly dates: ReadonlySet<number>; readonly last: boolean } | null;
  /** 0 (Sunday) to 6; null: the field is `*` or `?`. */
  readonly weekdays: {
    /** Only the nth of its month; 0: every one. */
    readonly nth: number;
    readonly days: ReadonlySet<number>;
    readonly lastOfMonth: ReadonlySet<number>;
  } | null;
  /**
   * Whether second, minute and hour have one value each: a time of day, in contrast to an interval. Decides the
   * behaviour at DST changes.
   */
  readonly fixedTime: boolean;
}

/**
 * Parses a cron expression. Five fields, `minute hour day-of-month month weekday`, or six with the second first; at
 * most 256 characters:
 * - `*`, a value `a` or a range `a-b`, optionally with a step, `0-30/5` (`a/5` runs from a to the field's end);
 *   comma-separated lists of these;
 * - months 1-12 or JAN-DEC, weekdays 0-7 or SUN-SAT (0 and 7 are Sunday), case-insensitive;
 * - `?` as day of month or weekday means `*`; `L` is the month's last day, `5L` its last Friday, `5#3` its third;
 * - if both day of month and weekday are restricted, a day that matches either matches, as in standard cron. A field is
 *   unrestricted only if it is `*` or `?` (or a list with `*`). Vixie cron and most of its successors also treat any
 *   field that starts with a star, such as a star with a step, as unrestricted, and then require both;
 * - `SUN` at the end of a range follows Saturday: `MON-SUN`, `SAT-SUN`. A list may contain a value twice. Fields are
 *   separated by any white space, including line breaks. Not supported: nicknames (`@daily`), seven fields, `W`, `H`,
 *   other reversed ranges.
 * @param timezone IANA name; default 'UTC'
 * @throws InvalidCronExpressionError with the field and its allowed values
 * @throws CronNeverFiresError if no month has such a day, as in `0 0 30 2 *`
 * @throws InvalidTimezoneError
 */
export function parseCron(expression: unknown, timezone: string = 'UTC'): ParsedCron {
  const problem = findSyntaxProblem(expression);
  if (problem) throw new InvalidCronExpressionError(expression, problem);
  const zone = TimeZone.named(timezone);
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = readFields(expression as string);

  const dates: readonly (number | string)[] = dayOfMonth.values;
  const days: readonly (number | string)[] = dayOfWeek.values;
  const [seconds, minutes, hours] = [second.values, minute.values, hour.values];
  return {
    expression: expression as string,
    timezone,
    zone,
    seconds,
    minutes,
    hours,
    months: new Set(month.values),
    daysOfMonth: dayOfMonth.isWildcard ? null : { dates: new Set(dates.filter(isNumber)), last: dates.includes('L') },
    weekdays: dayOfWeek.isWildcard
      ? null
      : {
          nth: dayOfWeek.nthDay,
          days: new Set(days.filter(isNumber).map((day) => day % 7)),
          lastOfMonth: new Set(days.filter(isText).map((day) => parseInt(day, 10) % 7)),
        },
    fixedTime: seconds.length === 1 && minutes.length === 1 && hours.length === 1,
  };
}

function readFields(expression: string): CronFieldCollection {
  try {
    return CronExpressionParser.parse(normalize(expression), { tz: 'UTC', currentDate: new Date(0) }).fields;
  } catch (error) {
    const reason = error instanceof Error ? error.message : show(error);
    if (reason.includes('explicit day of month')) throw new CronNeverFiresError(expression);
    throw new InvalidCronExpressionError(expression, reason);
  }
}

function isNumber(value: number | string): value is number {
  return typeof value === 'number';
}

function isText(value: number | string): value is string {
  return typeof value === 'string';
}
