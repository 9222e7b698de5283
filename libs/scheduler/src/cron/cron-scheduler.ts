import { Inject, Injectable, Logger } from '@nestjs/common';
import { checkOptionNames } from '../core/check-options.js';
import { parseDuration } from '../core/duration.js';
import { CronNeverFiresError, InvalidOptionError } from '../core/errors.js';
import { serializePayload, storedValue } from '../core/json.js';
import { checkName } from '../core/names.js';
import {
  OVERLAP_POLICIES,
  type CronOptions,
  type CronSchedule,
  type MisfirePolicy,
  type ScheduleRecord,
} from '../core/schedule.js';
import { TASK_STORE, type CronStore } from '../store/task-store.js';
import { parseCron } from './cron-expression.js';
import { firstFire } from './misfire.js';
import { parseZonedInstant } from './zoned-instant.js';

const MAX_CATCH_UP = 100;
const MAX_CATCH_UP_ALLOWED = 1000;
export const CRON_OPTION_NAMES = ['id', 'timezone', 'startTime', 'endTime', 'overlap', 'misfire', 'jitter', 'payload'];

/** The API of schedules: put, remove, pause, resume, list. Reconciles schedules from code at boot. */
@Injectable()
export class CronScheduler {
  private declared: { appName: string; ids: string[] } | null = null;

  constructor(@Inject(TASK_STORE) private readonly store: CronStore) {}

  /** Creates the schedule, or changes the one with that id. */
  async put(
    taskId: string,
    cronExpression: string,
    options: CronOptions = {},
    declaredBy: string | null = null,
  ): Promise<CronSchedule> {
    const record = this.check(taskId, cronExpression, options, declaredBy, await this.now());
    return toView(await this.store.putSchedule(record));
  }

  /** @throws what `put` would throw for these arguments */
  validate(taskId: string, cronExpression: string, options: CronOptions, now: number): void {
    this.check(taskId, cronExpression, options, null, now);
  }

  remove(id: string): Promise<boolean> {
    return this.store.removeSchedule(id);
  }

  pause(id: string): Promise<boolean> {
    return this.store.pauseSchedule(id);
  }

  /** Resumes from now: ticks that passed during the pause are not made up for. */
  async resume(id: string): Promise<boolean> {
    const schedule = await this.store.getSchedule(id);
    if (!schedule) return false;
    const cron = parseCron(schedule.cronExpression, schedule.timezone);
    const nextRunTime = firstFire(cron, schedule.startTime, schedule.endTime, await this.now());
    return this.store.resumeSchedule(id, nextRunTime);
  }

  async list(): Promise<CronSchedule[]> {
    return (await this.store.listSchedules()).map(toView);
  }

  /**
   * Puts the schedules that this app's code declares, and removes those that it no longer declares. Schedules put by a
   * newer release of the app stay unchanged.
   * @param schedules with `keep` the stored schedule stays as it is
   * @param alone whether no other process can belong to the app: then removal is immediate, otherwise after ten minutes
   */
  async reconcile(
    appName: string,
    schedules: readonly { taskId: string; expression: string; options: CronOptions; keep: boolean }[],
    alone: boolean,
  ): Promise<void> {
    const ids: string[] = [];
    const now = schedules.length > 0 ? await this.now() : 0;
    for (const { taskId, expression, options, keep } of schedules) {
      const record = this.check(taskId, expression, options, appName, now);
      if (!keep) await this.store.putSchedule(record);
      ids.push(record.id);
    }
    this.declared = { appName, ids };
    logRemoved(appName, await this.store.declareSchedules(appName, ids, alone));
  }

  /** Renews the declarations of this app, as a sign that it is alive. */
  async declareAgain(): Promise<void> {
    if (!this.declared) return;
    const { appName, ids } = this.declared;
    logRemoved(appName, await this.store.declareSchedules(appName, ids, false));
  }

  /** The store's time, since ticks follow it and the clock of this machine may be wrong. */
  private async now(): Promise<number> {
    return (await this.store.dueSchedules(0)).now;
  }

  private check(
    taskId: string,
    cronExpression: string,
    options: CronOptions,
    declaredBy: string | null,
    now: number,
  ): Parameters<CronStore['putSchedule']>[0] {
    checkOptionNames(options, CRON_OPTION_NAMES);
    const { id = taskId, timezone = 'UTC', overlap = 'skip' } = options;
    if (!OVERLAP_POLICIES.includes(overlap))
      throw new InvalidOptionError('overlap', overlap, OVERLAP_POLICIES.join(', '));
    const cron = parseCron(cronExpression, timezone);
    const startTime =
      options.startTime === undefined ? null : parseZonedInstant(options.startTime, 'startTime', now, cron.zone);
    const endTime =
      options.endTime === undefined ? null : parseZonedInstant(options.endTime, 'endTime', now, cron.zone);
    if (startTime !== null && endTime !== null && endTime <= startTime)
      throw new InvalidOptionError('endTime', options.endTime, 'an instant after startTime');
    const nextRunTime = firstFire(cron, startTime, endTime, now);
    if (nextRunTime === null && endTime === null) throw new CronNeverFiresError(cronExpression);
    return {
      id: checkName(id, 'id'),
      taskId,
      cronExpression,
      timezone,
      startTime,
      endTime,
      overlap,
      misfire: checkMisfire(options.misfire),
      jitter: options.jitter === undefined ? 0 : parseDuration(options.jitter, 'jitter', { max: 24 * 3_600_000 }),
      payload: serializePayload(options.payload),
      nextRunTime,
      declaredBy,
    };
  }
}

const logger = new Logger('Scheduler');

function logRemoved(appName: string, ids: readonly string[]): void {
  for (const id of ids) logger.log(`schedule '${id}' was removed: the code of '${appName}' no longer declares it`);
}

function checkMisfire(value: CronOptions['misfire'] = 'once'): MisfirePolicy {
  if (value === 'skip' || value === 'once') return value;
  if (value === 'all') return { all: MAX_CATCH_UP };
  const all = typeof value === 'object' && value !== null ? value.all : undefined;
  if (Number.isInteger(all) && all! >= 1 && all! <= MAX_CATCH_UP_ALLOWED) return { all: all! };
  throw new InvalidOptionError('misfire', value, `'skip', 'once', 'all', or { all: 1 to ${MAX_CATCH_UP_ALLOWED} }`);
}

function toView(record: ScheduleRecord): CronSchedule {
  const { revision: _revision, payload, startTime, endTime, nextRunTime, lastRunTime, ...rest } = record;
  // Another release may not have stored a field.
  const iso = (time?: number | null): string | null => (typeof time === 'number' ? new Date(time).toISOString() : null);
  return {
    ...rest,
    payload: storedValue(payload),
    startTime: iso(startTime),
    endTime: iso(endTime),
    nextRunTime: iso(nextRunTime),
    lastRunTime: iso(lastRunTime),
  };
}
