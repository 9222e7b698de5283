import { InvalidOptionError } from '../core/errors.js';
import { parseCron } from './cron-expression.js';
import { MAX_FIRES, previewFires } from './next-fire.js';

export interface PreviewOptions {
  /** IANA name. Default 'UTC'. */
  timezone?: string;
  /** How many: 1 to 1000. Default 5. */
  count?: number;
  /** The first one is after this instant. */
  from: Date;
}

/**
 * When an expression fires: what to show beside an input field, and how to check one before it is put.
 * @throws InvalidCronExpressionError, CronNeverFiresError, InvalidTimezoneError
 */
export function previewCron(expression: string, { timezone = 'UTC', count = 5, from }: PreviewOptions): Date[] {
  if (!Number.isInteger(count) || count < 1 || count > MAX_FIRES)
    throw new InvalidOptionError('count', count, `1 to ${MAX_FIRES}`);
  return previewFires(parseCron(expression, timezone), count, from.getTime()).map((time) => new Date(time));
}
