/** Schedules: how they are put, declared and paused, and what their ticks do. */
import { UNDECLARED_MS } from '../core/limits.js';
import type { MisfirePolicy } from '../core/schedule.js';
import type { Reason } from '../core/status.js';
import { cancel } from './cancel.js';
import { retire } from './history.js';
import { underWay } from './overlap.js';
import type { ExecutionRecord, FireRequest, NewSchedule, ScheduleRecord, TickRequest } from './records.js';
import type { Tables } from './tables.js';

/**
 * Creates or changes a schedule. One that is put unchanged keeps its next tick, its pause and its revision. If a tick is due,
 * one with other ticks continues from there: the new ticks since then are due.
 */
export function put(t: Tables, given: NewSchedule): ScheduleRecord {
  const schedule = t.schedules.get(given.id) ?? t.schedules.create(given.id);
  // Put by hand, it stays one that code declares, and goes when code no longer does.
  const declaredBy = given.declaredBy ?? schedule.declaredBy;
  if (schedule.revision === 0 || schedule.declaredBy !== declaredBy || !isSame(schedule, given)) {
    const isMoved = !hasSameTicks(schedule, given);
    if (isMoved) schedule.nextRunTime = firstUndecided(t, schedule, given.nextRunTime);
    change(schedule, given);
    schedule.declaredBy = declaredBy;
    // A new one begins above the revisions of an earlier one of its id.
    if (schedule.revision === 0) schedule.revision = t.steadyTime();
    schedule.revision++;
    if (isMoved) t.schedules.order(schedule);
    else t.schedules.touch(schedule);
    report(t, schedule, 'put');
  }
  if (given.declaredBy !== undefined) t.schedules.declare(given.declaredBy, [schedule.id]);
  return schedule;
}

/** @returns false where there is none of that id */
export function remove(t: Tables, id: string): boolean {
  const schedule = t.schedules.get(id);
  if (schedule === undefined) return false;
  t.schedules.delete(schedule);
  report(t, schedule, 'removed');
  return true;
}

/** @returns false where there is none of that id */
export function pause(t: Tables, id: string): boolean {
  const schedule = t.schedules.get(id);
  if (schedule === undefined) return false;
  if (!schedule.paused) {
    schedule.paused = true;
    switched(t, schedule, 'paused');
  }
  return true;
}

/** @param nextRunTime its next tick, ms. @returns false where there is none of that id */
export function resume(t: Tables, id: string, nextRunTime: number | undefined): boolean {
  const schedule = t.schedules.get(id);
  if (schedule === undefined) return false;
  if (schedule.paused) {
    schedule.paused = false;
    schedule.nextRunTime = nextRunTime;
    switched(t, schedule, 'resumed');
  }
  return true;
}

/**
 * An app declares these schedules.
 * @param isAlone whether no other release of the app can declare others: all that it declared before count as undeclared
 */
export function declare(t: Tables, appName: string, ids: readonly string[], isAlone: boolean): void {
  if (isAlone) t.schedules.undeclare(appName);
  t.schedules.declare(appName, ids);
}

/** Removes schedules that their app has not declared for too long, some at a time. @returns their ids */
export function removeUndeclared(t: Tables, appName: string): string[] {
  const removed: string[] = [];
  for (const schedule of t.schedules.undeclared(appName, UNDECLARED_MS)) {
    remove(t, schedule.id);
    removed.push(schedule.id);
  }
  return removed;
}

/** When it fires next, ms; undefined: it does not. */
export function nextTick(schedule: ScheduleRecord): number | undefined {
  if (schedule.paused) return undefined;
  return schedule.nextRunTime;
}

/** The time of the first tick that is not decided, or of one that the schedule no longer has if that is due, ms. */
function firstUndecided(t: Tables, schedule: ScheduleRecord, given: number | undefined): number | undefined {
  const previous = nextTick(schedule);
  if (previous === undefined || previous > t.now) return given;
  return given === undefined ? previous : Math.min(previous, given);
}

/** Fires ticks, where the schedule still is what the decision saw. @returns whether it was */
export function fire(t: Tables, request: FireRequest): boolean {
  const schedule = t.schedules.get(request.scheduleId);
  if (schedule === undefined || schedule.paused || schedule.revision !== request.revision) return false;
  if (schedule.nextRunTime !== request.expectedRunTime) return false;
  for (const tick of request.ticks) fireTick(t, schedule, tick, request);
  schedule.nextRunTime = request.nextRunTime;
  t.schedules.order(schedule);
  report(t, schedule, 'fired');
  return true;
}

/** One tick, by the overlap policy: beside, instead of, behind or in place of the execution under way. */
function fireTick(t: Tables, schedule: ScheduleRecord, tick: TickRequest, request: FireRequest): void {
  const id = idOf(t, tick);
  if (id === undefined) return;
  const earlier = request.overlap === 'allow' ? undefined : underWay(t, t.lastTick(schedule));
  const execution = t.createTick(schedule, id, tick);
  if (tick.leaveOut) {
    skip(t, execution, tick.reason ?? 'MISFIRED');
  } else if (earlier === undefined) {
    fired(schedule, execution, tick);
    t.admitTick(execution, tick, undefined);
  } else if (request.overlap === 'skip') {
    skip(t, execution, 'OVERLAP');
  } else {
    fired(schedule, execution, tick);
    t.admitTick(execution, tick, earlier);
    if (request.overlap === 'cancel') cancel(t, earlier, request.cancelGrace);
  }
}

/** The id of a tick's execution; undefined where it exists. A tick that comes again, since the clock went back, gets another. */
function idOf(t: Tables, tick: TickRequest): string | undefined {
  const same = t.execution(tick.executionId);
  if (same === undefined) return tick.executionId;
  const steppedBack = t.lastStepBack();
  const again = `${tick.executionId}:${steppedBack}`;
  if (same.number > steppedBack || t.execution(again) !== undefined) return undefined;
  return again;
}

function fired(schedule: ScheduleRecord, execution: ExecutionRecord, tick: TickRequest): void {
  schedule.lastRunTime = tick.time;
  schedule.lastExecutionId = execution.id;
}

/** Ends an execution that will not run, and is stored so that it can be seen that its tick was left out. */
function skip(t: Tables, execution: ExecutionRecord, reason: Reason): void {
  t.emitExecution(execution, 'scheduled');
  t.move(execution, 'skip', 'SKIPPED');
  execution.reason = reason;
  execution.completedAt = t.now;
  t.history.setKept(execution);
  t.count('skipped', 1);
  t.emitExecution(execution, 'skipped');
  retire(t, execution);
}

function switched(t: Tables, schedule: ScheduleRecord, how: 'paused' | 'resumed'): void {
  schedule.revision++;
  t.schedules.order(schedule);
  report(t, schedule, how);
}

function report(
  t: Tables,
  schedule: ScheduleRecord,
  transition: 'put' | 'removed' | 'paused' | 'resumed' | 'fired',
): void {
  t.emitSchedule(schedule, transition);
  const next = nextTick(schedule);
  if (next !== undefined) t.emitDue(next);
}

function hasSameTicks(schedule: ScheduleRecord, given: NewSchedule): boolean {
  return (
    schedule.cronExpression === given.cronExpression &&
    schedule.timezone === given.timezone &&
    schedule.startTime === given.startTime &&
    schedule.endTime === given.endTime
  );
}

function isSame(schedule: ScheduleRecord, given: NewSchedule): boolean {
  return (
    hasSameTicks(schedule, given) &&
    schedule.taskId === given.taskId &&
    schedule.overlap === given.overlap &&
    schedule.jitter === given.jitter &&
    schedule.payload === given.payload &&
    isSameMisfire(schedule.misfire, given.misfire)
  );
}

function isSameMisfire(a: MisfirePolicy, b: MisfirePolicy): boolean {
  if (typeof a === 'object' && typeof b === 'object') return a.all === b.all;
  return a === b;
}

function change(schedule: ScheduleRecord, given: NewSchedule): void {
  schedule.taskId = given.taskId;
  schedule.cronExpression = given.cronExpression;
  schedule.timezone = given.timezone;
  schedule.startTime = given.startTime;
  schedule.endTime = given.endTime;
  schedule.overlap = given.overlap;
  schedule.misfire = given.misfire;
  schedule.jitter = given.jitter;
  schedule.payload = given.payload;
}
