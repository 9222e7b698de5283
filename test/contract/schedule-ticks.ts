import { expect } from '@jest/globals';
import type { FireCommand } from '../../libs/scheduler/src/core/commands.js';
import type { OverlapPolicy, ScheduleRecord } from '../../libs/scheduler/src/core/schedule.js';
import { MINUTE, newExecution, newSchedule } from './fixtures.js';
import type { StoreFixture } from './store-fixture.js';

export async function put(s: StoreFixture, overrides: Partial<ScheduleRecord> = {}): Promise<ScheduleRecord> {
  return s.store.putSchedule(newSchedule({ nextRunTime: s.now + MINUTE, ...overrides }));
}

/** The command that fires the next tick of a schedule as it is stored now. */
export async function tickOf(
  s: StoreFixture,
  overlap: OverlapPolicy = 'allow',
  leaveOut = false,
  id = 'every-minute',
): Promise<FireCommand> {
  const schedule = (await s.store.getSchedule(id))!;
  const time = schedule.nextRunTime!;
  const executionId = `cron:${id}:${time}`;
  return {
    scheduleId: id,
    expected: { revision: schedule.revision, nextRunTime: time },
    ticks: [{ execution: newExecution({ executionId, taskId: schedule.taskId, scheduledTime: time }), time, leaveOut }],
    overlap,
    cancelGrace: 10 * MINUTE,
    nextRunTime: time + MINUTE,
  };
}

/** Fires the next tick when it is due. @returns the id of its execution */
export async function fire(s: StoreFixture, overlap: OverlapPolicy = 'allow', leaveOut = false): Promise<string> {
  const command = await tickOf(s, overlap, leaveOut);
  s.clock.advanceTo(command.expected.nextRunTime);
  expect(await s.store.fire([command])).toEqual([true]);
  await s.maintain();
  return command.ticks[0]!.execution.executionId;
}
