import { childrenOf, topologicalOrder, type TraceTask } from './trace.js';

/** The sum of the recorded times, in seconds. */
export function workSeconds(tasks: readonly TraceTask[]): number {
  return tasks.reduce((sum, task) => sum + task.runtimeSeconds, 0);
}

/** The longest chain of dependent tasks, in seconds: the lower bound at any concurrency. */
export function criticalPathSeconds(tasks: readonly TraceTask[]): number {
  const children = childrenOf(tasks);
  const start = tasks.map(() => 0);
  let longest = 0;
  for (const index of topologicalOrder(tasks)) {
    const end = start[index]! + tasks[index]!.runtimeSeconds;
    longest = Math.max(longest, end);
    for (const child of children[index]!) start[child] = Math.max(start[child]!, end);
  }
  return longest;
}

/**
 * The makespan of a greedy list scheduler without overhead, in seconds: a free slot takes the task that has been ready
 * longest; tasks that became ready at one instant are in file order.
 * @param concurrency slots, 1 or more
 */
export function idealSeconds(tasks: readonly TraceTask[], concurrency: number): number {
  const children = childrenOf(tasks);
  const open = tasks.map((task) => task.parents.length);
  const ready = tasks.flatMap((task, index) => (task.parents.length === 0 ? [index] : []));
  const running = new EndQueue();
  let now = 0;
  for (let next = 0; ;) {
    while (next < ready.length && running.size < concurrency) {
      const index = ready[next++]!;
      running.add(now + tasks[index]!.runtimeSeconds, index);
    }
    if (running.size === 0) return now;
    now = running.firstEnd;
    const freed = running.takeEndedBy(now).flatMap((index) => children[index]!.filter((child) => --open[child]! === 0));
    ready.push(...freed.sort((a, b) => a - b));
  }
}

/** Running tasks by their end. The latest is first, so removing the earliest is a pop. */
class EndQueue {
  private readonly runs: { end: number; index: number }[] = [];

  get size(): number {
    return this.runs.length;
  }

  get firstEnd(): number {
    return this.runs.at(-1)!.end;
  }

  add(end: number, index: number): void {
    let low = 0;
    let high = this.runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.runs[middle]!.end > end) low = middle + 1;
      else high = middle;
    }
    this.runs.splice(low, 0, { end, index });
  }

  takeEndedBy(time: number): number[] {
    const ended: number[] = [];
    while (this.runs.length > 0 && this.firstEnd <= time) ended.push(this.runs.pop()!.index);
    return ended;
  }
}
