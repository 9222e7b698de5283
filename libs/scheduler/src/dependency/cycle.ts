/** The ids on which an id depends. */
export type DependenciesOf = (id: string) => Iterable<string>;

interface Visit {
  id: string;
  rest: Iterator<string>;
}

/**
 * Depth-first traversal without recursion, in linear time: visits each id once, after all its dependencies.
 * @param done called with each id in that order
 * @returns the first cycle found, in dependency direction with its first id repeated at the end, or null
 */
export function walkDependenciesFirst(
  ids: Iterable<string>,
  dependenciesOf: DependenciesOf,
  done: (id: string) => void = () => undefined,
): string[] | null {
  const finished = new Set<string>();
  const onPath = new Set<string>();
  for (const start of ids) {
    const path: Visit[] = [];
    const enter = (id: string) => {
      onPath.add(id);
      path.push({ id, rest: dependenciesOf(id)[Symbol.iterator]() });
    };
    if (!finished.has(start)) enter(start);
    for (let visit = path.at(-1); visit; visit = path.at(-1)) {
      const next = visit.rest.next();
      if (next.done) {
        path.pop();
        onPath.delete(visit.id);
        finished.add(visit.id);
        done(visit.id);
      } else if (onPath.has(next.value)) {
        const line = path.map(({ id }) => id);
        return [...line.slice(line.indexOf(next.value)), next.value];
      } else if (!finished.has(next.value)) {
        enter(next.value);
      }
    }
  }
  return null;
}

/** The shortest cycle that `id` would close by depending on `dependencies`, from `id` to `id`, or null. Linear time. */
export function cycleThrough(
  id: string,
  dependencies: Iterable<string>,
  dependenciesOf: DependenciesOf,
): string[] | null {
  const reachedFrom = new Map<string, string>();
  const queue: string[] = [];
  const reach = (next: string, from: string) => {
    if (reachedFrom.has(next)) return;
    reachedFrom.set(next, from);
    queue.push(next);
  };
  for (const dependency of dependencies) reach(dependency, id);
  // The queue grows during the loop.
  for (const at of queue) {
    if (at === id) {
      const path = [id];
      let step = id;
      do {
        step = reachedFrom.get(step)!;
        path.push(step);
      } while (step !== id);
      return path.reverse();
    }
    for (const next of dependenciesOf(at)) reach(next, at);
  }
  return null;
}
