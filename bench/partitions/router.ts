import type { AdvancedTaskScheduler, ScheduleRequest } from 'nestjs-advanced-scheduler';

/** What decides the partition of an execution: all that must be decided together has the same key. */
export interface Routed extends ScheduleRequest {
  key: string;
}

/** Schedules over partitions, each of which is a scheduler with its own namespace: the prototype of ADR 14. */
export class PartitionRouter {
  constructor(private readonly partitions: readonly AdvancedTaskScheduler[]) {}

  /** @returns the ids, in the order of the requests */
  async scheduleTasks(requests: readonly Routed[]): Promise<string[]> {
    const batches = this.partitions.map((): number[] => []);
    requests.forEach(({ key }, i) => batches[partitionOf(key, this.partitions.length)]!.push(i));
    const ids: string[] = [];
    await Promise.all(
      batches.map(async (indexes, partition) => {
        if (indexes.length === 0) return;
        const scheduled = await this.partitions[partition]!.scheduleTasks(
          indexes.map((i) => {
            const { key: _key, ...request } = requests[i]!;
            return request;
          }),
        );
        indexes.forEach((i, at) => (ids[i] = scheduled[at]!));
      }),
    );
    return ids;
  }
}

/** FNV-1a, so that all processes agree. @returns 0 to count - 1 */
export function partitionOf(key: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % count;
}
