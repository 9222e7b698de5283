import { InvalidDateError, InvalidOptionError } from '../core/errors.js';
import { checkOptionNames } from '../core/check-options.js';
import type { CronOptions } from '../core/schedule.js';
import { parseCron } from './cron-expression.js';
import { MAX_FIRES, previewFires } from './next-fire.js';
import { parseZonedInstant } from './zoned-instant.js';

/** The end of the year 9999. */
const LATEST_MS = 253_402_300_799_999;

const OPTIONS = ['timezone', 'count', 'from', 'startTime', 'endTime'];

export interface PreviewOptions {
  /** IANA name. Default 'UTC'. */
  timezone?: string;
  /** Number of instants: 1 to 1000. Default 5. */
  count?: number;
  /** All results are after this instant. */
  from: Date;
  /** No result before it, as in a schedule. */
  startTime?: CronOptions['startTime'];
  /** No result after it, as in a schedule. */
  endTime?: CronOptions['endTime'];
}

/**
 * When an expression fires: for a preview next to an input field, or to check an expression before it is put.
 * @throws InvalidCronExpressionError, CronNeverFiresError, InvalidTimezoneError; InvalidOptionError for `count` and unknown options;
 * InvalidDateError if `from` is not a Date from 1970 to 9999, or a bound is not an instant up to ten years after it
 */
export function previewCron(expression: string, options: PreviewOptions): Date[] {
  checkOptionNames(options, OPTIONS);
  const { timezone = 'UTC', count = 5, from, startTime, endTime } = options;
  if (!Number.isInteger(count) || count < 1 || count > MAX_FIRES)
    throw new InvalidOptionError('count', count, `1 to ${MAX_FIRES}`);
  const cron = parseCron(expression, timezone);
  const after = from instanceof Date ? from.getTime() : Number.NaN;
  if (!(after >= 0 && after <= LATEST_MS)) throw new InvalidDateError('from', from);
  const bound = (field: 'startTime' | 'endTime', value: unknown, none: number): number =>
    value === undefined ? none : parseZonedInstant(value, field, after, cron.zone);
  const first = Math.max(after, bound('startTime', startTime, 0) - 1);
  const fires = previewFires(cron, count, first, bound('endTime', endTime, Infinity));
  return fires.map((time) => new Date(time));
}
