import { Injectable } from '@nestjs/common';
import {
  CircularDependencyError,
  DuplicateDependencyError,
  InvalidOptionError,
  SelfDependencyError,
} from '../core/errors.js';
import { checkId } from '../core/check-options.js';
import { checkName } from '../core/names.js';
import { cycleThrough, walkDependenciesFirst } from './cycle.js';

/** A dependency by id; the graph ignores its other fields. */
export type GraphDependency = string | { readonly taskId: string };

const NONE: ReadonlySet<string> = new Set();

/**
 * The dependencies between tasks, by id. Independent of executions. An edge may lead to a task that is added later. A
 * cycle is reported (`hasCycle`, `findCycle`), not refused; to refuse it, call `assertAcyclic` first. Every method is
 * synchronous and at most linear in tasks and edges. An id that is not text is refused (InvalidOptionError).
 */
@Injectable()
export class TaskDependencyGraph {
  /** In insertion order. */
  private readonly dependencies = new Map<string, ReadonlySet<string>>();
  /** The reversed edges; also of tasks that are not added yet. */
  private readonly dependents = new Map<string, Set<string>>();

  /** Number of tasks. */
  get size(): number {
    return this.dependencies.size;
  }

  has(taskId: string): boolean {
    return this.dependencies.has(checkId(taskId, 'taskId'));
  }

  /**
   * Adds a task with its dependencies. Adding a task again keeps its position and replaces its dependencies. If it
   * throws, nothing has changed.
   * @throws InvalidNameError for an invalid id, InvalidOptionError for dependencies that are not an array
   * @throws DuplicateDependencyError if a dependency is listed twice
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
   * Removes a task and its dependencies. Tasks that depend on it still do, as on a task that is not added yet.
   * @returns whether it existed
   */
  removeTask(taskId: string): boolean {
    this.unlink(checkId(taskId, 'taskId'));
    return this.dependencies.delete(taskId);
  }

  clear(): void {
    this.dependencies.clear();
    this.dependents.clear();
  }

  /** The direct dependencies of the task, as given; empty for an unknown task. */
  getDependencies(taskId: string): string[] {
    return [...this.edgesOf(checkId(taskId, 'taskId'))];
  }

  /** The tasks that directly depend on it, in insertion order; also for a task that is not added yet. */
  getDependents(taskId: string): string[] {
    return [...(this.dependents.get(checkId(taskId, 'taskId')) ?? NONE)];
  }

  hasCycle(): boolean {
    return this.findCycle() !== null;
  }

  /** A cycle in dependency direction, its first task repeated at the end (a, b, a: a depends on b, b on a), or null. */
  findCycle(): string[] | null {
    return walkDependenciesFirst(this.dependencies.keys(), (id) => this.edgesOf(id));
  }

  /**
   * Checks, without a change, whether the task could be added with these dependencies without closing a cycle.
   * @throws CircularDependencyError with the shortest cycle through the task; SelfDependencyError if it depends on
   * itself; and the errors of `addTask`
   */
  assertAcyclic(taskId: string, dependencies: readonly GraphDependency[]): void {
    const ids = checkEdges(taskId, dependencies);
    if (ids.has(taskId)) throw new SelfDependencyError(taskId);
    const cycle = cycleThrough(taskId, ids, (id) => this.edgesOf(id));
    if (cycle) throw new CircularDependencyError(cycle);
  }

  /**
   * The added tasks, each after all its dependencies, otherwise in insertion order.
   * @throws CircularDependencyError with a cycle
   */
  topologicalSort(): string[] {
    const order: string[] = [];
    const cycle = walkDependenciesFirst(
      this.dependencies.keys(),
      (id) => this.edgesOf(id),
      (id) => {
        if (this.dependencies.has(id)) order.push(id);
      },
    );
    if (cycle) throw new CircularDependencyError(cycle);
    return order;
  }

  private edgesOf(taskId: string): ReadonlySet<string> {
    return this.dependencies.get(taskId) ?? NONE;
  }

  /** Removes the task from the dependents of its dependencies. */
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
