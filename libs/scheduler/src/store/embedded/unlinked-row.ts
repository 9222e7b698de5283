import { QueueRow, Row, WorkflowRow, type TaskRow } from '../maps/rows.js';
import type { State } from '../maps/state.js';
import type { ExecutionRecord, ExtraRecord, WorkflowRecord } from './codec.js';

/** An execution as read from the database. */
export interface StoredExecution {
  number: number;
  record: ExecutionRecord;
  payload: string | null;
  result: string | null;
}

export interface StoredWorkflow {
  number: number;
  ended: number;
  record: WorkflowRecord;
}

/** The row of a stored execution, without its edges, lists and workflow: enough for queries. */
export function unlinkedRow(s: State, { number, record, payload, result }: StoredExecution): Row {
  const { executionId, priority, timeout = null, budget = null } = record;
  const queue = s.queues.get(record.queue) ?? new QueueRow(record.queue);
  const command = { executionId, priority, payload, timeout, budget };
  const row = new Row(number, s.task(record.taskId), queue, record.createdTime, command, record.at);
  row.status = record.status;
  row.place = record.place;
  row.rank = record.rank ?? 0;
  row.ttl = record.ttl;
  row.isDated = !record.putOff || undefined;
  row.startedAt = record.startedTime ?? 0;
  row.completedAt = record.completedTime ?? 0;
  row.cancelRequestedAt = record.cancelRequestedTime ?? 0;
  row.leaseToken = record.attempt ?? 0;
  row.runs = record.run ?? 0;
  row.failures = record.failures ?? 0;
  row.crashes = record.crashes ?? 0;
  row.snoozes = record.snoozes ?? 0;
  row.lastWorkerId = record.workerId;
  row.result = result ?? undefined;
  row.error = record.error;
  row.reason = record.reason;
  row.attempts = record.attempts;
  if (record.extra) restoreExtra(s, row, record.extra);
  return row;
}

function restoreExtra(s: State, row: Row, record: ExtraRecord): void {
  const extra = row.more();
  extra.edgesReleased = record.edgesReleased;
  extra.edgesToReattach = record.edgesToReattach;
  extra.arrivalNumber = record.arrivalNumber;
  extra.usedBy = record.usedBy ? new Map(record.usedBy.map((user) => decodeUser(s, user))) : null;
  extra.isUnregistered = record.unregistered;
  extra.lock = record.lock ?? null;
  extra.parkNumber = record.parkNumber;
  extra.fencingToken = record.fencingToken;
  extra.tags = record.tags ?? null;
  extra.ref = record.ref ?? null;
  extra.schedule = record.schedule ?? null;
  extra.progress = record.progress ?? null;
  extra.logs = record.logs ?? null;
  extra.rootCause = record.rootCause;
  if (record.workflow) {
    const { number, workflowId, name, createdTime } = record.workflow;
    // Until the workflow itself is linked; it may have left history before its executions.
    extra.workflow = new WorkflowRow(workflowId, name, createdTime, number);
  }
}

function decodeUser(s: State, user: string | [taskId: string, request: string]): [TaskRow, string] {
  const [taskId, request] = typeof user === 'string' ? [user, ''] : user;
  return [s.task(taskId), request];
}
