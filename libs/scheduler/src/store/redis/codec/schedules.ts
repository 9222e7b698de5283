import type { FireCommand, Tick } from '../../../core/commands.js';
import { extraOf, partOf } from './executions.js';

/** FireRequest of the engine, as JSON. */
export function packFire({ scheduleId, expected, ticks, overlap, cancelGrace, nextRunTime }: FireCommand): string {
  return JSON.stringify({
    ...{ scheduleId, revision: expected.revision, expectedRunTime: expected.nextRunTime },
    ...{ ticks: ticks.map(packTick), overlap, cancelGrace, nextRunTime: nextRunTime ?? undefined },
  });
}

/** TickRequest of the engine, with what makes the execution. */
function packTick({ execution, time, leaveOut, reason }: Tick) {
  const extra = extraOf(execution) ?? { delay: 0 };
  return { executionId: execution.executionId, part: withFlag(partOf(execution)), extra, time, leaveOut, reason };
}

/** An execution of a schedule has an extra record, which names the schedule. */
function withFlag(part: string): string {
  return `x${part.slice(part.indexOf('|'))}`;
}
