import { checkEdge, type ResolvedEdge } from '../core/check-dependency.js';
import { checkFields, type Refuse } from '../core/check-shape.js';
import type { DependencyType, ResolvedDependency } from '../core/dependency.js';
import type { Duration } from '../core/duration.js';
import {
  CircularDependencyError,
  DuplicateDependencyError,
  DuplicateNodeError,
  InvalidOptionError,
  SelfDependencyError,
  TaskNotRegisteredError,
  UnknownDependencyError,
  WorkflowTooLargeError,
} from '../core/errors.js';
import { MAX_WORKFLOW_EDGES, MAX_WORKFLOW_NODES } from '../core/limits.js';
import { mergePayload } from '../core/merge-payload.js';
import { checkKey, checkName, mergeTags } from '../core/names.js';
import { parsePriority, type TaskPriority, type TaskPriorityInput } from '../core/priority.js';
import type { ResolvedTask } from '../core/task-definition.js';
import { walkDependenciesFirst } from './cycle.js';

/** An edge of a workflow node: to a node of the same run, or to a task outside of it. Has either `ref` or `taskId`. */
export interface WorkflowDependency {
  /** A node of this run. */
  ref?: string;
  /**
   * The node of this run that runs this task (or has it as its ref), otherwise the task outside, as in scheduleTask.
   */
  taskId?: string;
  /** Which ends of the upstream satisfy the edge. Default 'completion'. */
  type?: DependencyType;
  /** Alias of `type`. */
  dependencyType?: DependencyType;
  /** Limit of the wait; then the node is SKIPPED with reason DEPENDENCY_TIMEOUT. Default: unlimited. */
  timeout?: Duration;
  /** Outside of the run: an older outcome does not count. Default: any age counts. */
  maxAge?: Duration;
  /** Outside of the run: whether an outcome counts again that an earlier execution has used. Default false. */
  reuse?: boolean;
}

/** One node of a workflow: a task that runs once in it. */
export interface WorkflowTask<P = unknown> {
  taskId: string;
  /** Its name in the run and in `ctx.results`; required if a task has several nodes. Default: taskId. */
  ref?: string;
  /** Merged over the definition's payload as in scheduleTask. */
  payload?: P;
  /** Default: the definition's. */
  priority?: TaskPriorityInput;
  /** Added to the tags of the definition. */
  tags?: readonly string[];
  /**
   * Replaces the dependencies of the definition. Default: those of the definition, bound to nodes of this run if it has
   * them.
   */
  dependencies?: readonly WorkflowDependency[];
}

export interface WorkflowRequest {
  /** Name for display. */
  name?: string;
  /** At most 10,000 nodes and 50,000 edges; an empty workflow is COMPLETED at once. */
  tasks: readonly WorkflowTask[];
}

/** A resolved edge. Durations in ms. */
export interface PlannedEdge extends ResolvedEdge {
  /** Its key in `ctx.results`: the ref of the node, or the id of the task outside. */
  ref: string;
  to: { node: string } | { task: string };
}

/** A node with everything that is decided before it is stored. */
export interface PlannedNode {
  ref: string;
  taskId: string;
  task: ResolvedTask;
  /** The merged payloads of the definition and the node. */
  payload: unknown;
  priority: TaskPriority;
  tags: readonly string[];
  edges: PlannedEdge[];
}

export type TaskLookup = (taskId: string) => ResolvedTask | undefined;

const refuse: Refuse = (field, found, allowed) => new InvalidOptionError(field, found, allowed);
const RUN_FIELDS = ['name', 'tasks'];
const NODE_FIELDS = ['taskId', 'ref', 'payload', 'priority', 'tags', 'dependencies'];
const EDGE_FIELDS = ['ref', 'taskId', 'type', 'dependencyType', 'timeout', 'maxAge', 'reuse'];

/**
 * Checks a workflow as a whole and binds its edges. Pure, and linear in nodes and edges.
 * @param lookup returns the registered task with an id
 * @param warn called once for each field whose bare number under 1000 was taken as milliseconds
 * @returns its nodes in the given order
 * @throws WorkflowTooLargeError, InvalidOptionError, InvalidNameError, InvalidPriorityError, InvalidDurationError
 * @throws TaskNotRegisteredError for a node's task, UnknownDependencyError for an edge that matches nothing or several
 * nodes
 * @throws DuplicateNodeError, DuplicateDependencyError, SelfDependencyError, CircularDependencyError with the refs
 */
export function planWorkflow(
  request: WorkflowRequest,
  lookup: TaskLookup,
  warn?: (message: string) => void,
): PlannedNode[] {
  checkFields(request, RUN_FIELDS, 'workflow', refuse);
  if (request.name !== undefined) checkKey(request.name, 'name');
  const tasks = checkArray<WorkflowTask>(
    request.tasks,
    'tasks',
    'an array of { taskId, ref?, payload?, dependencies? }',
  );
  checkCount(tasks.length, MAX_WORKFLOW_NODES, 'nodes');
  const run = new Run(lookup, warn);
  for (const [index, given] of tasks.entries()) run.addNode(given, `tasks[${index}]`);
  checkCount(run.edgeCount, MAX_WORKFLOW_EDGES, 'edges');
  const nodes = [...run.nodes.values()];
  for (const [index, node] of nodes.entries()) run.bindEdges(node, tasks[index]!.dependencies, `tasks[${index}]`);
  run.assertAcyclic();
  return nodes;
}

/** The nodes of one run during planning. All nodes are added before the first edge is bound. */
class Run {
  /** By ref, in the given order. */
  readonly nodes = new Map<string, PlannedNode>();
  edgeCount = 0;
  /** Nodes whose edges are bound. While every edge leads to one of them, there is no cycle. */
  private readonly bound = new Set<string>();
  private mayBeCyclic = false;
  private readonly refsOfTask = new Map<string, string[]>();

  constructor(
    private readonly lookup: TaskLookup,
    private readonly warn?: (message: string) => void,
  ) {}

  addNode(given: WorkflowTask, path: string): void {
    checkFields(given, NODE_FIELDS, path, refuse);
    const taskId = checkName(given.taskId, `${path}.taskId`);
    const task = this.lookup(taskId);
    if (!task) throw new TaskNotRegisteredError(taskId);
    const ref = given.ref === undefined ? taskId : checkName(given.ref, `${path}.ref`);
    if (this.nodes.has(ref)) throw new DuplicateNodeError(ref);
    this.nodes.set(ref, {
      ref,
      taskId,
      task,
      payload: mergePayload(task.payload, given.payload),
      priority: given.priority === undefined ? task.priority : parsePriority(given.priority, `${path}.priority`),
      tags: given.tags === undefined ? task.tags : mergeTags(task.tags, given.tags, `${path}.tags`),
      edges: [],
    });
    const refs = this.refsOfTask.get(taskId);
    if (refs) refs.push(ref);
    else this.refsOfTask.set(taskId, [ref]);
    this.edgeCount += checkDependencies(given.dependencies, path)?.length ?? task.dependencies.length;
  }

  bindEdges(node: PlannedNode, given: WorkflowTask['dependencies'], path: string): void {
    const count = given?.length ?? node.task.dependencies.length;
    const refs = count > 1 ? new Set<string>() : undefined;
    for (let index = 0; index < count; index++) {
      const edge = given
        ? this.bindGiven(node, given[index]!, `${path}.dependencies[${index}]`)
        : this.bindDeclared(node, node.task.dependencies[index]!);
      const { ref, to } = edge;
      if (refs?.has(ref)) throw new DuplicateDependencyError(node.ref, ref);
      refs?.add(ref);
      if ('node' in to && to.node === node.ref) throw new SelfDependencyError(ref);
      if ('node' in to && !this.bound.has(to.node)) this.mayBeCyclic = true;
      node.edges.push(edge);
    }
    this.bound.add(node.ref);
  }

  assertAcyclic(): void {
    if (!this.mayBeCyclic) return;
    const cycle = walkDependenciesFirst(this.nodes.keys(), (ref) =>
      this.nodes.get(ref)!.edges.flatMap(({ to }) => ('node' in to ? [to.node] : [])),
    );
    if (cycle) throw new CircularDependencyError(cycle);
  }

  private bindDeclared(node: PlannedNode, { taskId, type, timeout, maxAge, reuse }: ResolvedDependency): PlannedEdge {
    return { type, timeout, maxAge, reuse, ...this.ofTask(node, taskId, false) };
  }

  private bindGiven(node: PlannedNode, given: WorkflowDependency, path: string): PlannedEdge {
    checkFields(given, EDGE_FIELDS, path, refuse);
    if ((given.ref === undefined) === (given.taskId === undefined)) throw refuse(path, given, 'one of ref and taskId');
    const { ref, to } =
      given.ref === undefined
        ? this.ofTask(node, checkName(given.taskId, `${path}.taskId`), true)
        : this.ofNode(node, checkName(given.ref, `${path}.ref`));
    const { type, timeout, maxAge, reuse } = checkEdge(given, path, refuse, this.warn);
    // Field by field: a workflow has many of these, and a spread costs several times as much.
    return { type, timeout, maxAge, reuse, ref, to };
  }

  private ofNode(node: PlannedNode, ref: string): Pick<PlannedEdge, 'ref' | 'to'> {
    if (!this.nodes.has(ref)) throw new UnknownDependencyError(node.ref, ref, 'no node of this workflow has that ref');
    return { ref, to: { node: ref } };
  }

  /** @param orRef whether the name may be a ref: in a workflow's own edges, not in those of a definition */
  private ofTask(node: PlannedNode, taskId: string, orRef: boolean): Pick<PlannedEdge, 'ref' | 'to'> {
    const refs = this.refsOfTask.get(taskId) ?? [];
    if (refs.length === 1) return this.ofNode(node, refs[0]!);
    if (orRef && this.nodes.has(taskId)) return this.ofNode(node, taskId);
    if (refs.length > 1) {
      const hint = `${refs.length} nodes of this workflow run it; name the node by its ref in the dependencies of '${node.ref}'`;
      throw new UnknownDependencyError(node.ref, taskId, hint);
    }
    if (!this.lookup(taskId)) throw new UnknownDependencyError(node.ref, taskId);
    return { ref: taskId, to: { task: taskId } };
  }
}

function checkDependencies(given: unknown, path: string): readonly unknown[] | undefined {
  if (given === undefined) return undefined;
  return checkArray(given, `${path}.dependencies`, 'an array of { ref or taskId, type? }');
}

function checkArray<T>(value: unknown, field: string, allowed: string): readonly T[] {
  if (!Array.isArray(value)) throw refuse(field, value, allowed);
  return value as T[];
}

function checkCount(found: number, max: number, what: string): void {
  if (found > max) throw new WorkflowTooLargeError(found, max, what);
}
