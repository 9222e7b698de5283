import type { FireCommand, NewExecution, Tick } from '../../core/commands.js';
import { UNDECLARED_MS } from '../../core/limits.js';
import type { ScheduleRecord } from '../../core/schedule.js';
import { isTerminal } from '../../core/status.js';
import { cancel } from '../../engine/cancel.js';
import { store, storeLeftOut } from './enqueue.js';
import { ScheduleRow } from './rows.js';
import type { State } from './state.js';

export type NewSchedule = Omit<
  ScheduleRecord,
  'revision' | 'lastRunTime' | 'lastExecutionId' | 'declaredTime' | 'paused'
>;

export function put(s: State, schedule: NewSchedule, now: number): ScheduleRecord {
  const old = s.schedules.get(schedule.id);
  const declaredTime = schedule.declaredBy === null ? null : now;
  if (!old) {
    const record = { ...schedule, paused: false, lastRunTime: null, lastExecutionId: null, declaredTime, revision: 1 };
    const row = new ScheduleRow(record);
    s.schedules.set(schedule.id, row);
    s.touch(row);
    report(s, record, 'put', now);
    return { ...record };
  }
  const { record } = old;
  const sameTimes =
    record.cronExpression === schedule.cronExpression &&
    record.timezone === schedule.timezone &&
    record.startTime === schedule.startTime &&
    record.endTime === schedule.endTime;
  const next: ScheduleRecord = {
    ...record,
    ...schedule,
    nextRunTime: sameTimes ? record.nextRunTime : schedule.nextRunTime,
    // Changed by hand, it stays one that code declares, and goes when code no longer does.
    declaredBy: schedule.declaredBy ?? record.declaredBy,
    declaredTime: declaredTime ?? record.declaredTime,
  };
  if (JSON.stringify({ ...next, declaredTime: 0 }) !== JSON.stringify({ ...record, declaredTime: 0 })) {
    next.revision++;
    report(s, next, 'put', now);
  }
  old.record = next;
  s.touch(old);
  return { ...next };
}

export function remove(s: State, id: string, now: number): boolean {
  const schedule = s.schedules.get(id);
  if (!schedule) return false;
  s.schedules.delete(id);
  s.touch(schedule);
  report(s, schedule.record, 'removed', now);
  return true;
}

export function pause(s: State, id: string, now: number): boolean {
  const schedule = s.schedules.get(id);
  if (!schedule) return false;
  if (!schedule.record.paused) change(s, schedule, { paused: true }, 'paused', now);
  return true;
}

export function resume(s: State, id: string, nextRunTime: number | null, now: number): boolean {
  const schedule = s.schedules.get(id);
  if (!schedule) return false;
  if (schedule.record.paused) change(s, schedule, { paused: false, nextRunTime }, 'resumed', now);
  return true;
}

export function due(
  s: State,
  limit: number,
  now: number,
): { now: number; schedules: ScheduleRecord[]; next: number | null } {
  const found: ScheduleRecord[] = [];
  let next = Number.POSITIVE_INFINITY;
  for (const { record } of s.schedules.values()) {
    if (record.paused || record.nextRunTime === null) continue;
    if (record.nextRunTime <= now) found.push(record);
    else next = Math.min(next, record.nextRunTime);
  }
  found.sort((a, b) => a.nextRunTime! - b.nextRunTime! || (a.id < b.id ? -1 : 1));
  if (found.length > limit) next = found[limit]!.nextRunTime!;
  return {
    now,
    schedules: found.slice(0, limit).map((record) => ({ ...record })),
    next: next === Number.POSITIVE_INFINITY ? null : next,
  };
}

/** Fires ticks, if the schedule still is what the decision saw. */
export function fire(s: State, command: FireCommand, now: number): boolean {
  const schedule = s.schedules.get(command.scheduleId);
  const { revision, nextRunTime } = command.expected;
  if (
    !schedule ||
    schedule.record.paused ||
    schedule.record.revision !== revision ||
    schedule.record.nextRunTime !== nextRunTime
  )
    return false;
  schedule.record = { ...schedule.record, nextRunTime: command.nextRunTime };
  s.touch(schedule);
  for (const tick of command.ticks) fireTick(s, schedule, tick, command, now);
  report(s, schedule.record, 'fired', now);
  return true;
}

export function declare(
  s: State,
  appName: string,
  ids: readonly string[],
  removeOthersNow: boolean,
  now: number,
): string[] {
  const declared = new Set(ids);
  const removed: string[] = [];
  for (const schedule of s.schedules.values()) {
    const { record } = schedule;
    if (record.declaredBy !== appName) continue;
    if (declared.has(record.id)) {
      record.declaredTime = now;
      s.touch(schedule);
    } else if (removeOthersNow || record.declaredTime! + UNDECLARED_MS <= now) removed.push(record.id);
  }
  for (const id of removed) remove(s, id, now);
  return removed;
}

/** One tick, by the overlap policy: beside, instead of, behind or in place of the execution under way. */
function fireTick(s: State, schedule: ScheduleRow, tick: Tick, command: FireCommand, now: number): void {
  const execution = onceAt(s, tick.execution);
  if (execution === null) return;
  const current = schedule.current && !isTerminal(schedule.current.status) ? schedule.current : null;
  if (tick.leaveOut || (current && command.overlap === 'skip')) {
    storeLeftOut(s, execution, tick.leaveOut ? (tick.reason ?? 'MISFIRED') : 'OVERLAP', now).more().schedule =
      command.scheduleId;
    return;
  }
  let after: NewExecution = execution;
  if (current && (command.overlap === 'queue' || command.overlap === 'cancel')) {
    after = {
      ...execution,
      edges: [
        ...(execution.edges ?? []),
        {
          taskId: current.task.taskId,
          ref: '$previous',
          type: 'always',
          timeout: null,
          maxAge: null,
          reuse: true,
          bind: { executionId: current.id },
        },
      ],
    };
  }
  const [row] = store(s, [after], now);
  row!.more().schedule = command.scheduleId;
  schedule.current = row!;
  schedule.record = { ...schedule.record, lastRunTime: tick.time, lastExecutionId: execution.executionId };
  if (current && command.overlap === 'cancel') cancel(s, current, command.cancelGrace);
}

/** The tick's execution, or null where it exists. An instant that has come again, since the clock went back, gets one more. */
function onceAt(s: State, execution: NewExecution): NewExecution | null {
  const same = s.executions.get(execution.executionId);
  if (!same) return execution;
  const executionId = `${execution.executionId}:${s.steppedBack}`;
  return same.order > s.steppedBack || s.executions.has(executionId) ? null : { ...execution, executionId };
}

function change(
  s: State,
  schedule: ScheduleRow,
  fields: Partial<ScheduleRecord>,
  how: 'paused' | 'resumed',
  now: number,
): void {
  schedule.record = { ...schedule.record, ...fields, revision: schedule.record.revision + 1 };
  s.touch(schedule);
  report(s, schedule.record, how, now);
}

function report(
  s: State,
  record: ScheduleRecord,
  transition: 'put' | 'removed' | 'paused' | 'resumed' | 'fired',
  now: number,
): void {
  s.effects.push({ kind: 'schedule', transition, scheduleId: record.id, taskId: record.taskId, time: now });
  if (record.nextRunTime !== null && !record.paused) s.emitDue(record.nextRunTime);
}
