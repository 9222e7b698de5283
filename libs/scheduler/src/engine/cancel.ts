import { finish } from './finish.js';
import type { ExecutionRecord } from './records.js';
import type { Tables } from './tables.js';

/**
 * Ends an execution that does not run; asks for the end of one that does.
 * @param grace ms after which a run ends as cancelled, whatever its handler does
 * @returns false where it has ended already
 */
export function cancel(t: Tables, execution: ExecutionRecord, grace: number): boolean {
  if (execution.status === 'PENDING' || execution.status === 'RETRYING') {
    execution.cancelRequestedAt = t.now;
    finish(t, execution, 'cancel', 'CANCELLED', { error: execution.error, reason: 'CANCELLED' });
    return true;
  }
  if (execution.status !== 'RUNNING') return false;
  if (execution.cancelRequestedAt === 0) request(t, execution, t.now + grace);
  return true;
}

function request(t: Tables, execution: ExecutionRecord, deadline: number): void {
  execution.cancelRequestedAt = t.now;
  t.setCancelDeadline(execution, deadline);
  t.emitExecution(execution, 'cancelRequested');
  t.emitDue(deadline);
  t.touchExecution(execution);
}
