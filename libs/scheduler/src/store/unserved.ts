import type { StoreStats } from './records.js';

/** Names of the queues with ready executions from which no live worker claims. */
export function unservedQueues(queues: StoreStats['queues']): string[] {
  return queues
    .filter(({ served, byPriority }) => !served && byPriority.some((count) => count > 0))
    .map(({ queue }) => queue);
}
