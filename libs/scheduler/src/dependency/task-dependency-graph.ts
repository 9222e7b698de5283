import { Injectable } from '@nestjs/common';
import {
  CircularDependencyError,
  DuplicateDependencyError,
  InvalidOptionError,
  SelfDependencyError,
} from '../core/errors.js';
import { checkName } from '../core/names.js';
import { cycleThrough, walkDependenciesFirst } from './cycle.js';

/** A dependency by id; anything else that it says (its type) is of no meaning to the graph. */
export type GraphDependency = string | { readonly taskId: string };

const NONE: ReadonlySet<string> = new Set();

/**
 * Which task depends on which, by id. Knows nothing of executions, and holds no more than it was given: an edge may
 * lead to a task that is added later, and a cycle is told about (`hasCycle`, `findCycle`), not refused; whoever wants it
 * refused asks `assertAcyclic` first. Every method is synchronous, and linear in tasks and edges at most.
 */
@Injectable()
export class TaskDependencyGraph {
  /** In the order of adding. */
  private readonly dependencies = new Map<string, ReadonlySet<string>>();
  /** The same edges, the other way; also of tasks that are not added yet. */
  private readonly dependents = new Map<string, Set<string>>();

  /** How many tasks were added. */
  get size(): number {
    return this.dependencies.size;
  }

  has(taskId: string): boolean {
    return this.dependencies.has(taskId);
  }

  /**
   * Adds a task with what it depends on. A task added again keeps its place and changes its dependencies.
   * Where it throws, nothing has changed.
   * @throws InvalidNameError for an id that is none, InvalidOptionError for dependencies that are no array
   * @throws DuplicateDependencyError for the same dependency twice
   */
  addTask(taskId: string, dependencies: readonly GraphDependency[] = []): void {
    const ids = checkEdges(taskId, dependencies);
    this.unlink(taskId);
    this.dependencies.set(taskId, ids);
    for (const id of ids) {
      const dependents = this.dependents.get(id);
      if (dependents) dependents.add(taskId);
      else this.dependents.set(id, new Set([taskId]));
    }
  }

  /**
   * Removes a task and its own dependencies. Tasks that depend on it still do, as on one not added yet.
   * @returns whether it was there
   */
  removeTask(taskId: string): boolean {
    this.unlink(taskId);
    return this.dependencies.delete(taskId);
  }

  clear(): void {
    this.dependencies.clear();
    this.dependents.clear();
  }

  /** What the task depends on directly, as it was given; empty for an unknown task. */
  getDependencies(taskId: string): string[] {
    return [...this.edgesOf(taskId)];
  }

  /** The tasks that depend on it directly, in the order of adding; of tasks not added yet, too. */
  getDependents(taskId: string): string[] {
    return [...(this.dependents.get(taskId) ?? NONE)];
  }

  hasCycle(): boolean {
    return this.findCycle() !== null;
  }

  /** A cycle in dependency direction, its first task repeated at the end (a, b, a: a depends on b, b on a), or null. */
  findCycle(): string[] | null {
    return walkDependenciesFirst(this.dependencies.keys(), (id) => this.edgesOf(id));
  }

  /**
   * Checks, and changes nothing: could the task be added with these dependencies without closing a cycle?
   * @throws CircularDependencyError naming the shortest cycle through the task; SelfDependencyError where it is its own
   * dependency; and what `addTask` throws
   */
  assertAcyclic(taskId: string, dependencies: readonly GraphDependency[]): void {
    const ids = checkEdges(taskId, dependencies);
    if (ids.has(taskId)) throw new SelfDependencyError(taskId);
    const cycle = cycleThrough(taskId, ids, (id) => this.edgesOf(id));
    if (cycle) throw new CircularDependencyError(cycle);
  }

  /**
   * The tasks that were added, each after everything it depends on; beyond that in the order of adding: where that
   * order holds already, it is the answer.
   * @throws CircularDependencyError naming a cycle
   */
  topologicalSort(): string[] {
    const order: string[] = [];
    const cycle = walkDependenciesFirst(
      this.dependencies.keys(),
      (id) => this.edgesOf(id),
      (id) => {
        if (this.has(id)) order.push(id);
      },
    );
    if (cycle) throw new CircularDependencyError(cycle);
    return order;
  }

  private edgesOf(taskId: string): ReadonlySet<string> {
    return this.dependencies.get(taskId) ?? NONE;
  }

  /** Takes the task out of the dependents of what it depends on. */
  private unlink(taskId: string): void {
    for (const id of this.edgesOf(taskId)) {
      const dependents = this.dependents.get(id)!;
      dependents.delete(taskId);
      if (dependents.size === 0) this.dependents.delete(id);
    }
  }
}

function checkEdges(taskId: string, dependencies: readonly GraphDependency[]): Set<string> {
  checkName(taskId, 'taskId');
  if (!Array.isArray(dependencies)) {
    throw new InvalidOptionError('dependencies', dependencies, 'an array of task ids, or of { taskId }');
  }
  const ids = new Set<string>();
  for (const [index, dependency] of (dependencies as GraphDependency[]).entries()) {
    const given: unknown = typeof dependency === 'object' && dependency !== null ? dependency.taskId : dependency;
    const id = checkName(given, `dependencies[${index}]`);
    if (ids.has(id)) throw new DuplicateDependencyError(taskId, id);
    ids.add(id);
  }
  return ids;
}
