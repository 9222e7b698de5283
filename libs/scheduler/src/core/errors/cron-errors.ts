import { InvalidInputError, show } from './base.js';

export class InvalidCronExpressionError extends InvalidInputError {
  constructor(found: unknown, problem: string) {
    super(
      'INVALID_CRON',
      'cronExpression',
      found,
      '5 fields (minute hour day month weekday) or 6 (second first)',
      `cronExpression ${show(found)}: ${problem}`,
    );
  }
}

export class CronNeverFiresError extends InvalidInputError {
  constructor(found: string) {
    super(
      'CRON_NEVER_FIRES',
      'cronExpression',
      found,
      'an expression that fires within five years',
      `cronExpression ${show(found)} never fires`,
    );
  }
}

export class InvalidTimezoneError extends InvalidInputError {
  constructor(found: unknown) {
    super('INVALID_TIMEZONE', 'timezone', found, "an IANA name such as 'Europe/Berlin' or 'UTC'");
  }
}
