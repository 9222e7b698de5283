import type { RootCause, TaskExecution, WaitingFor } from '../core/execution.js';
import type { Reason, TaskStatus } from '../core/status.js';
import type { WorkerInfo } from '../store/records.js';

/** Why an execution is in its status. */
export interface Explanation {
  executionId: string;
  status: TaskStatus;
  /** One sentence. */
  text: string;
  waitingFor: WaitingFor | null;
  reason: Reason | null;
  rootCause: RootCause | null;
}

/**
 * @param workers the live ones, if it waits in its queue
 * @param starved why no slot of this process can become free by itself, if that is so
 */
export function explain(
  execution: TaskExecution,
  workers: readonly WorkerInfo[],
  starved: string | null = null,
): Explanation {
  const { executionId, status, waitingFor, reason, rootCause } = execution;
  const because = waitingFor?.kind === 'queue' && starved !== null ? `; ${starved}` : '';
  return { executionId, status, text: sentence(execution, workers) + because, waitingFor, reason, rootCause };
}

function sentence(execution: TaskExecution, workers: readonly WorkerInfo[]): string {
  const { status, waitingFor, reason, rootCause, error, startedTime, cancelRequestedTime, snoozeCount } = execution;
  if (waitingFor) {
    const times = `${snoozeCount} ${snoozeCount === 1 ? 'time' : 'times'}`;
    const snoozed = reason === 'SNOOZED' ? `its handler postponed it (${times} so far); ` : '';
    return `${status}: ${snoozed}${waitingFor.kind === 'queue' ? queued(execution, workers) : waiting(waitingFor)}`;
  }
  if (status === 'RUNNING')
    return `RUNNING since ${startedTime}${cancelRequestedTime ? `, asked to cancel at ${cancelRequestedTime}` : ''}`;
  const because = rootCause
    ? `, since '${rootCause.taskId}' (${rootCause.executionId}) ended as ${rootCause.status}`
    : error
      ? `: ${error.name}: ${error.message}`
      : '';
  return `${status}${reason ? ` (${reason})` : ''}${because}`;
}

/** Why it waits in its queue: which worker is missing, if any. */
function queued({ queue, taskId }: TaskExecution, workers: readonly WorkerInfo[]): string {
  const serving = workers.filter((worker) => worker.state === 'active' && worker.queues.includes(queue));
  if (serving.length === 0) return `no live worker serves queue '${queue}'`;
  if (!serving.some((worker) => worker.tasks.includes(taskId)))
    return `no live worker that serves queue '${queue}' handles '${taskId}'`;
  return `it waits in queue '${queue}' until a worker has a free slot`;
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
      return waitingFor.lock!.heldBy === null
        ? `lock '${waitingFor.lock!.key}' is free, and reserved for another execution for up to 1 s`
        : `lock '${waitingFor.lock!.key}' is held by ${waitingFor.lock!.heldBy}`;
    case 'limit':
      return `limit '${waitingFor.limit!.key}' is reached`;
    case 'handler':
      return `no live worker handles '${waitingFor.handler!.funcPath}'`;
    case 'queue':
      return `it waits in queue '${waitingFor.queue}'`;
  }
}
