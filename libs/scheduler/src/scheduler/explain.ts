import type { RootCause, TaskExecution, WaitingFor } from '../core/execution.js';
import type { Reason, TaskStatus } from '../core/status.js';

/** Why an execution is where it is. */
export interface Explanation {
  executionId: string;
  status: TaskStatus;
  /** One sentence. */
  text: string;
  waitingFor: WaitingFor | null;
  reason: Reason | null;
  rootCause: RootCause | null;
}

export function explain(execution: TaskExecution): Explanation {
  const { executionId, status, waitingFor, reason, rootCause } = execution;
  return { executionId, status, text: sentence(execution), waitingFor, reason, rootCause };
}

function sentence({
  status,
  waitingFor,
  reason,
  rootCause,
  error,
  startedTime,
  cancelRequestedTime,
  snoozeCount,
}: TaskExecution): string {
  if (waitingFor)
    return `${status}: ${reason === 'SNOOZED' ? `its handler put it off (${snoozeCount} ${snoozeCount === 1 ? 'time' : 'times'} so far); ` : ''}${waiting(waitingFor)}`;
  if (status === 'RUNNING')
    return `RUNNING since ${startedTime}${cancelRequestedTime ? `, asked to cancel at ${cancelRequestedTime}` : ''}`;
  const because = rootCause
    ? `, since '${rootCause.taskId}' (${rootCause.executionId}) ended as ${rootCause.status}`
    : error
      ? `: ${error.name}: ${error.message}`
      : '';
  return `${status}${reason ? ` (${reason})` : ''}${because}`;
}

function waiting(waitingFor: WaitingFor): string {
  switch (waitingFor.kind) {
    case 'paused':
      return `queue '${waitingFor.queue}' is paused`;
    case 'time':
      return `it is due at ${waitingFor.until}`;
    case 'dependencies':
      return `it waits for ${waitingFor.dependencies!.map((each) => `'${each.ref}' (${each.type}, ${each.status ?? 'not scheduled yet'})`).join(', ')}`;
    case 'lock':
      return `lock '${waitingFor.lock!.key}' is held by ${waitingFor.lock!.heldBy ?? 'nobody: it is next'}`;
    case 'limit':
      return `limit '${waitingFor.limit!.key}' is reached`;
    case 'handler':
      return `no live worker handles '${waitingFor.handler!.funcPath}'`;
    case 'queue':
      return `it stands in queue '${waitingFor.queue}' until a worker has a free slot`;
  }
}
