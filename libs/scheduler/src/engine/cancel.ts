import { finish } from './finish.js';
import type { ExecutionRecord } from './records.js';
import type { Tables } from './tables.js';

/**
 * Ends an execution that does not run; asks for the end of one that does.
 * @param grace ms after which a run ends as cancelled, whatever its handler does
 */
export function cancel(t: Tables, execution: ExecutionRecord, grace: number): void {
  if (execution.status === 'PENDING' || execution.status === 'RETRYING') {
    execution.cancelRequestedAt = t.now;
    finish(t, execution, 'cancel', 'CANCELLED', { error: execution.error, reason: 'CANCELLED' });
  } else if (execution.status === 'RUNNING' && execution.cancelRequestedAt === 0) {
    request(t, execution, t.now + grace);
  }
}

function request(t: Tables, execution: ExecutionRecord, deadline: number): void {
  execution.cancelRequestedAt = t.now;
  t.setCancelDeadline(execution, deadline);
  t.emitExecution(execution, 'cancelRequested');
  t.emitDue(deadline);
  t.touchExecution(execution);
}
