import type { ExecutionTransition } from '../../core/effects.js';
import { assertTransition, type Verb } from '../../core/state-machine.js';
import type { TaskStatus } from '../../core/status.js';
import type { Row } from './rows.js';
import type { State } from './state.js';

/** Moves an execution to another status: the only place that does, so that counts never drift. */
export function move(s: State, row: Row, verb: Verb, to: TaskStatus): void {
  assertTransition(verb, row.status, to);
  s.byStatus[row.status]--;
  s.byStatus[to]++;
  row.status = to;
  s.touch(row);
}

/** Reports a transition of an execution, if anybody listens. */
export function tell(s: State, row: Row, transition: ExecutionTransition, time: number): void {
  if (!s.isWanted(transition)) return;
  s.effects.push({
    kind: 'execution',
    transition,
    executionId: row.id,
    taskId: row.task.taskId,
    status: row.status,
    queue: row.queue.name,
    priority: row.priority,
    time,
    workerId: row.lastWorkerId ?? null,
    workflowId: row.extra?.workflow?.workflowId ?? null,
    result: row.result ?? null,
    error: row.error ?? null,
    reason: row.reason ?? null,
  });
}
