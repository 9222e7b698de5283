import type { Duration } from './duration.js';
import type { JsonText } from './json.js';

/** What to do with a tick while the schedule's previous execution has not ended. */
export const OVERLAP_POLICIES = ['allow', 'skip', 'queue', 'cancel'] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/** What to do with missed ticks: skip them, fire one for all, or fire each up to a maximum. */
export type MisfirePolicy = 'skip' | 'once' | { all: number };

export interface CronOptions<P = unknown> {
  /** Id of the schedule; putting the same id again changes it. Default: the taskId. */
  id?: string;
  /** IANA name. Default 'UTC'. */
  timezone?: string;
  /** No tick before it. ISO 8601 text without a zone is in `timezone`. */
  startTime?: Date | string | number;
  /** No tick after it. Text as for `startTime`. */
  endTime?: Date | string | number;
  /** Default 'skip'. */
  overlap?: OverlapPolicy;
  /** Default 'once'. 'all' is { all: 100 }. */
  misfire?: MisfirePolicy | 'all';
  /** Each tick is delayed by a random time from 0 to this. Default 0. */
  jitter?: Duration;
  /** Payload of its executions, merged over the task's as in scheduleTask. */
  payload?: P;
}

/** A schedule in the public API. Times are ISO 8601 text. */
export interface CronSchedule {
  id: string;
  taskId: string;
  cronExpression: string;
  timezone: string;
  startTime: string | null;
  endTime: string | null;
  overlap: OverlapPolicy;
  misfire: MisfirePolicy;
  /** ms */
  jitter: number;
  payload: unknown;
  paused: boolean;
  /** null: it will not fire again. */
  nextRunTime: string | null;
  lastRunTime: string | null;
  lastExecutionId: string | null;
  /** The app whose code declares it, or null if it was created at run time. */
  declaredBy: string | null;
}

/** A schedule as stored. Instants in ms. */
export interface ScheduleRecord {
  id: string;
  taskId: string;
  cronExpression: string;
  timezone: string;
  startTime: number | null;
  endTime: number | null;
  overlap: OverlapPolicy;
  misfire: MisfirePolicy;
  jitter: number;
  payload: JsonText | null;
  paused: boolean;
  nextRunTime: number | null;
  lastRunTime: number | null;
  lastExecutionId: string | null;
  declaredBy: string | null;
  /** Grows with every change, also across a removal, so a tick decided on an older revision is refused. */
  revision: number;
}
