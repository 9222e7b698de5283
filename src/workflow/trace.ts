/** One task of a recorded workflow. */
export interface TraceTask {
  id: string;
  name: string;
  /** Recorded duration. */
  runtimeSeconds: number;
  /** Ids of the tasks that must end before this one starts. */
  parents: readonly string[];
}

/** A recorded workflow: an acyclic graph, its tasks in the order of the file. */
export interface Trace {
  name: string;
  tasks: readonly TraceTask[];
}

export function countEdges(tasks: readonly TraceTask[]): number {
  return tasks.reduce((sum, task) => sum + task.parents.length, 0);
}

/** Indexes into `tasks`: the children of each task. Every parent must be one of the tasks. */
export function childrenOf(tasks: readonly TraceTask[]): number[][] {
  const position = new Map(tasks.map((task, index) => [task.id, index]));
  const children: number[][] = tasks.map(() => []);
  tasks.forEach((task, index) => {
    for (const parent of task.parents) children[position.get(parent)!]!.push(index);
  });
  return children;
}

/** Indexes into `tasks`, every parent before its children. Tasks on a cycle, or after one, are omitted. */
export function topologicalOrder(tasks: readonly TraceTask[]): number[] {
  const children = childrenOf(tasks);
  const open = tasks.map((task) => task.parents.length);
  const order = tasks.flatMap((task, index) => (task.parents.length === 0 ? [index] : []));
  for (const index of order) {
    for (const child of children[index]!) if (--open[child]! === 0) order.push(child);
  }
  return order;
}

/** The ids along one cycle, the first one repeated at the end; null if there is none. */
export function findCycle(tasks: readonly TraceTask[]): string[] | null {
  const sorted = new Set(topologicalOrder(tasks).map((index) => tasks[index]!.id));
  const stuck = new Map(tasks.filter((task) => !sorted.has(task.id)).map((task) => [task.id, task]));
  const first = stuck.keys().next();
  if (first.done === true) return null;
  // A task that never became ready has such a parent, so walking upwards must find a cycle.
  const path: string[] = [];
  let at = first.value;
  while (!path.includes(at)) {
    path.push(at);
    at = stuck.get(at)!.parents.find((parent) => stuck.has(parent))!;
  }
  return [...path.slice(path.indexOf(at)), at].reverse();
}
