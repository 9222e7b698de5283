import type { FireCommand, Tick } from '../../../core/commands.js';
import { extraOf, recordBodyOf } from './executions.js';

/** The engine's FireRequest as JSON. */
export function packFire({ scheduleId, expected, ticks, overlap, cancelGrace, nextRunTime }: FireCommand): string {
  return JSON.stringify({
    ...{ scheduleId, revision: expected.revision, expectedRunTime: expected.nextRunTime },
    ...{ ticks: ticks.map(packTick), overlap, cancelGrace, nextRunTime: nextRunTime ?? undefined },
  });
}

/** The engine's TickRequest, with the new execution. */
function packTick({ execution, time, leaveOut, reason }: Tick) {
  const extra = extraOf(execution) ?? { delay: 0 };
  return { executionId: execution.executionId, part: withFlag(recordBodyOf(execution)), extra, time, leaveOut, reason };
}

/** An execution of a schedule always has an extra record, for the id of the schedule. */
function withFlag(part: string): string {
  return `x${part.slice(part.indexOf('|'))}`;
}
