import { copyOf } from '../../core/json.js';
import type { FireCommand, NewExecution } from '../../core/commands.js';
import type { JsonText } from '../../core/json.js';
import type { MisfirePolicy, OverlapPolicy, ScheduleRecord } from '../../core/schedule.js';
import type { FireRequest, NewSchedule, ScheduleRecord as EngineSchedule, TickRequest } from '../../engine/records.js';
import type { TaskStore } from '../task-store.js';

/** A schedule as the port is given it. */
export type GivenSchedule = Parameters<TaskStore['putSchedule']>[0];

export class ScheduleRow implements EngineSchedule {
  taskId = '';
  cronExpression = '';
  timezone = '';
  startTime: number | undefined = undefined;
  endTime: number | undefined = undefined;
  overlap: OverlapPolicy = 'allow';
  misfire: MisfirePolicy = 'once';
  jitter = 0;
  payload: JsonText | undefined = undefined;
  paused = false;
  nextRunTime: number | undefined = undefined;
  lastRunTime: number | undefined = undefined;
  lastExecutionId: string | undefined = undefined;
  declaredBy: string | undefined = undefined;
  /** When its app last declared it, see `attendedTime`. */
  declaredAt = 0;
  revision = 0;

  constructor(readonly id: string) {}
}

/** A tick with the command of its execution. */
export interface MapsTick extends TickRequest {
  readonly command: NewExecution;
}

/** As the engine has it. */
export function fromPort({
  startTime,
  endTime,
  payload,
  nextRunTime,
  declaredBy,
  ...rest
}: GivenSchedule): NewSchedule {
  return {
    ...rest,
    startTime: startTime ?? undefined,
    endTime: endTime ?? undefined,
    payload: payload ?? undefined,
    nextRunTime: nextRunTime ?? undefined,
    declaredBy: declaredBy ?? undefined,
  };
}

/** Ticks to be fired, as the engine has them. */
export function fireRequest(command: FireCommand): FireRequest {
  return {
    scheduleId: command.scheduleId,
    revision: command.expected.revision,
    expectedRunTime: command.expected.nextRunTime,
    ticks: command.ticks.map(({ execution, time, leaveOut, reason }): MapsTick => ({
      ...{ executionId: execution.executionId, command: execution, time, leaveOut, reason },
    })),
    overlap: command.overlap,
    cancelGrace: command.cancelGrace,
    nextRunTime: command.nextRunTime ?? undefined,
  };
}

/** As the port gives it. */
export function toPort(row: ScheduleRow): ScheduleRecord {
  const { id, taskId, cronExpression, timezone, overlap, jitter, paused, revision } = row;
  return {
    ...{ id, taskId, cronExpression, timezone, overlap, jitter, paused, revision },
    misfire: copyOf(row.misfire),
    startTime: row.startTime ?? null,
    endTime: row.endTime ?? null,
    payload: row.payload ?? null,
    nextRunTime: row.nextRunTime ?? null,
    lastRunTime: row.lastRunTime ?? null,
    lastExecutionId: row.lastExecutionId ?? null,
    declaredBy: row.declaredBy ?? null,
  };
}

/** One that was stored. @param declaredAt when its app last declared it, ms; 0: none does */
export function restored(record: ScheduleRecord, declaredAt: number): ScheduleRow {
  const { paused, revision, lastRunTime, lastExecutionId, ...given } = record;
  return Object.assign(new ScheduleRow(record.id), fromPort(given), {
    ...{ paused, revision, declaredAt },
    lastRunTime: lastRunTime ?? undefined,
    lastExecutionId: lastExecutionId ?? undefined,
  });
}
