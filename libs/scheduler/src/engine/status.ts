import type { TaskStatus } from '../core/status.js';

/** Whether an execution has ended; as `isTerminal` of core, which does not compile to Lua with the rest of it. */
export function hasEnded(status: TaskStatus): boolean {
  return status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED' || status === 'SKIPPED';
}
