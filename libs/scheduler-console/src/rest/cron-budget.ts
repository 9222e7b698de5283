import { previewCron, type CronSchedule } from 'nestjs-advanced-scheduler';
import { ConsoleError } from '../console-error.js';

const MINUTE = 60_000;
type Ticking = Pick<CronSchedule, 'id' | 'cronExpression' | 'timezone'>;

/**
 * Limits the ticks of all schedules together, including paused ones, since a resume is not checked.
 * @param max ticks a minute
 * @throws ConsoleError CRON_TOO_FREQUENT
 */
export function checkCronBudget(wanted: Ticking, others: readonly Ticking[], max: number): void {
  const own = ticksInAMinute(wanted);
  const taken = others.reduce((sum, each) => sum + (each.id === wanted.id ? 0 : ticksInAMinute(each)), 0);
  if (own + taken <= max) return;
  throw new ConsoleError(
    'CRON_TOO_FREQUENT',
    400,
    `cronExpression: ${own} ticks a minute, in addition to ${taken} of other schedules; allowed: ${max} in total`,
    'cronExpression',
  );
}

/** Ticks in the minute after its next tick: an expression may be dense in one hour of the day. */
function ticksInAMinute({ cronExpression, timezone }: Ticking): number {
  // Without a field for seconds there is one a minute.
  if (cronExpression.trim().split(/\s+/).length < 6) return 1;
  const [first, ...rest] = previewCron(cronExpression, { timezone, count: 60, from: new Date() });
  if (!first) return 0;
  return 1 + rest.filter((time) => time.getTime() < first.getTime() + MINUTE).length;
}
