import { PRIORITY_NAMES, type TaskPriorityName } from '../core/priority.js';
import type { QueueInfo, StoreStats } from '../store/records.js';

/** The queues of the store and those of tasks, by name. */
export function queueInfos(queues: StoreStats['queues'], tasks: readonly { queue: string }[]): QueueInfo[] {
  const known = new Map(queues.map((each) => [each.queue, each]));
  const names = new Set([...known.keys(), ...tasks.map(({ queue }) => queue)]);
  return [...names].sort().map((name) => {
    const { paused = false, limits = null, served = false, byPriority = [] } = known.get(name) ?? {};
    return {
      name,
      paused,
      limits,
      served,
      total: byPriority.reduce((sum, count) => sum + count, 0),
      byPriority: Object.fromEntries(
        PRIORITY_NAMES.map((priority, level) => [priority, byPriority[level] ?? 0]),
      ) as Record<TaskPriorityName, number>,
    };
  });
}
