import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../core/clock.js';
import type { EdgeBinding, NewEdge, NewExecution, NewWorkflow } from '../core/commands.js';
import type { DependencyType } from '../core/dependency.js';
import { InvalidOptionError, UnknownDependencyError } from '../core/errors.js';
import { checkId } from '../core/check-options.js';
import type { ExecutionId } from '../core/execution.js';
import { isPlainObject } from '../core/json.js';
import { ulid } from '../core/ids.js';
import { executionOf, planEdges, planExecution, type ScheduleOptions } from '../core/plan-execution.js';
import type { ResolvedTask } from '../core/task-definition.js';
import { planWorkflow, type PlannedNode, type WorkflowRequest } from '../dependency/workflow-plan.js';
import { TaskCatalog } from '../task/task-catalog.js';

/** Result of runWorkflow. */
export interface WorkflowRun {
  workflowId: string;
  /** executionId of each node by its ref. */
  executions: Record<string, ExecutionId<any, any>>;
}

/**
 * Converts requests to commands: looks up tasks, here or in the store, and makes all decisions that precede the call.
 */
@Injectable()
export class ExecutionPlanner {
  constructor(
    private readonly catalog: TaskCatalog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Plans at once unless the store must be read: for tasks of other nodes, and for dependencies.
   * @throws TaskNotRegisteredError, UnknownDependencyError, and the errors of bad options
   */
  plan(taskId: string, options?: ScheduleOptions, now = this.clock.now()): NewExecution | Promise<NewExecution> {
    const task = this.catalog.get(taskId);
    if (!task || task.dependencies.length > 0 || options?.after !== undefined)
      return this.planWithEdges(taskId, options);
    return planExecution(task, ulid(now), now, options);
  }

  async planWorkflow(
    request: WorkflowRequest,
  ): Promise<{ workflow: NewWorkflow; executions: NewExecution[]; run: WorkflowRun }> {
    const remote = await this.remoteTasks(request);
    const nodes = planWorkflow(request, (taskId) => this.catalog.get(taskId) ?? remote.get(taskId));
    const now = this.clock.now();
    const workflowId = ulid(now);
    const executions: Record<string, string> = {};
    for (const node of nodes) executions[node.ref] = ulid(now);
    for (const node of nodes) {
      for (const { to } of node.edges) if ('task' in to) await this.require(node.ref, to.task);
    }
    const taskIds = new Map<string, string>();
    for (const { ref, taskId } of nodes) taskIds.set(ref, taskId);
    return {
      run: { workflowId, executions },
      workflow: {
        workflowId,
        name: request.name ?? 'workflow',
        nodes: nodes.map((node) => describe(node, executions)),
      },
      executions: nodes.map((node) => memberOf(node, workflowId, executions, taskIds)),
    };
  }

  private async planWithEdges(taskId: string, options?: ScheduleOptions): Promise<NewExecution> {
    const task = this.catalog.get(taskId) ?? (await this.catalog.find(taskId));
    const edges = await this.edges(task, checkAfter(options?.after));
    const now = this.clock.now();
    return planExecution(task, ulid(now), now, options, edges);
  }

  /** `after` only rebinds declared edges. */
  private async edges(task: ResolvedTask, after: Readonly<Record<string, string>>): Promise<NewEdge[] | null> {
    for (const taskId of Object.keys(after)) {
      if (!task.dependencies.some((each) => each.taskId === taskId)) {
        throw new UnknownDependencyError(
          task.taskId,
          taskId,
          "'after' names a task that is not among its declared dependencies",
        );
      }
    }
    for (const { taskId } of task.dependencies) await this.require(task.taskId, taskId);
    return planEdges(task, (taskId) =>
      Object.hasOwn(after, taskId) ? { executionId: after[taskId]!, ofTask: taskId } : 'newest',
    );
  }

  private async require(dependent: string, taskId: string): Promise<void> {
    if (!(await this.catalog.isKnown(taskId)))
      throw new UnknownDependencyError(dependent, taskId, 'no task of that id is registered');
  }

  /**
   * Tasks of other nodes that the request refers to: as nodes, as their dependencies, or as declared dependencies of
   * those.
   */
  private async remoteTasks(request: WorkflowRequest): Promise<Map<string, ResolvedTask>> {
    const remote = new Map<string, ResolvedTask>();
    // Grows during the loop.
    const named = new Set<string>();
    const name = (taskId: unknown): void => {
      if (typeof taskId === 'string' && !this.catalog.get(taskId)) named.add(taskId);
    };
    for (const node of listOf(request?.tasks)) {
      name(node?.taskId);
      for (const dependency of listOf(node?.dependencies)) name(dependency?.taskId);
      for (const dependency of this.catalog.get(node?.taskId)?.dependencies ?? []) name(dependency.taskId);
    }
    for (const taskId of named) {
      const task = await this.catalog.findIfKnown(taskId);
      if (!task) continue;
      remote.set(taskId, task);
      for (const dependency of task.dependencies) name(dependency.taskId);
    }
    return remote;
  }
}

function checkAfter(after: unknown = {}): Executions {
  if (!isPlainObject(after)) throw new InvalidOptionError('after', after, 'an object of execution ids by taskId');
  for (const [taskId, id] of Object.entries(after)) checkId(id, `after.${taskId}`);
  return after as Executions;
}

type Executions = Readonly<Record<string, string>>;

function describe({ ref, taskId, edges }: PlannedNode, executions: Executions): NewWorkflow['nodes'][number] {
  const dependsOn: { ref: string; type: DependencyType }[] = [];
  for (const { to, type } of edges) if ('node' in to) dependsOn.push({ ref: to.node, type });
  return { ref, executionId: executions[ref]!, taskId, dependsOn };
}

function memberOf(
  node: PlannedNode,
  workflowId: string,
  executions: Executions,
  taskIds: ReadonlyMap<string, string>,
): NewExecution {
  const edges = node.edges.map(({ to, ref, type, timeout, maxAge, reuse }): NewEdge => {
    const [taskId, bind]: [string, EdgeBinding] =
      'node' in to ? [taskIds.get(to.node)!, { executionId: executions[to.node]! }] : [to.task, 'newest'];
    return { taskId, ref, type, timeout, maxAge, reuse, bind };
  });
  const workflow = { workflowId, ref: node.ref };
  return executionOf(node.task, executions[node.ref]!, node, edges.length > 0 ? edges : null, workflow);
}

/** Values of untyped callers are checked later, by the plan. */
function listOf<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [];
}
