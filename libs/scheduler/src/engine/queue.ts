import type { ExecutionRecord } from './records.js';
import type { Tables } from './tables.js';

/** Places an execution where it waits: for its time, then for its upstreams, then in its queue. */
export function place(t: Tables, execution: ExecutionRecord): void {
  if (execution.dueAt > t.now) t.delay(execution);
  else if (execution.openEdges > 0) t.block(execution);
  else t.pushTail(execution);
}
