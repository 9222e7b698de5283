import { Inject, Injectable } from '@nestjs/common';
import { checkId, checkOptionNames, checkSignal } from '../core/check-options.js';
import { parseDuration, type Duration } from '../core/duration.js';
import { InvalidOptionError } from '../core/errors.js';
import type { ExecutionId, TaskExecution } from '../core/execution.js';
import { MAX_BATCH } from '../core/limits.js';
import type { ScheduleOptions } from '../core/plan-execution.js';
import type { CronOptions, CronSchedule } from '../core/schedule.js';
import type { ResolvedTask, TaskDefinition, TaskRecord } from '../core/task-definition.js';
import { TaskDependencyGraph } from '../dependency/task-dependency-graph.js';
import type { HealthStatus } from '../health/health-status.js';
import { SchedulerHealthMonitor } from '../health/scheduler-health-monitor.js';
import { DistributedTaskLock } from '../lock/distributed-task-lock.js';
import { PriorityTaskQueue } from '../queue/priority-task-queue.js';
import { TaskRetryManager } from '../retry/task-retry-manager.js';
import type { Page, QueueInfo, WorkerInfo, WorkflowInfo } from '../store/records.js';
import { TASK_STORE, type TaskStore } from '../store/task-store.js';
import { taskIdOf, type TaskRef, type TaskTarget } from '../task/task-ref.js';
import { Definitions } from './definitions.js';
import type { WorkflowRun } from './execution-planner.js';
import { Executions, type ScheduleRequest } from './executions.js';
import type { Explanation } from './explain.js';
import { checkWorkflowListing, type ListExecutionsOptions, type ListWorkflowsOptions } from './list-options.js';
import { queueInfos } from './queue-infos.js';
import { SchedulerLifecycle } from './scheduler-lifecycle.js';
import type { RunWorkflowRequest } from './workflow-request.js';

export type { ScheduleRequest };

/** The public API of the scheduler. Every method that uses the store returns a promise; registration is immediate. */
@Injectable()
export class AdvancedTaskScheduler {
  constructor(
    readonly taskQueue: PriorityTaskQueue,
    readonly dependencyGraph: TaskDependencyGraph,
    readonly lockManager: DistributedTaskLock,
    readonly retryManager: TaskRetryManager,
    private readonly definitions: Definitions,
    private readonly executions: Executions,
    private readonly monitor: SchedulerHealthMonitor,
    private readonly lifecycle: SchedulerLifecycle,
    @Inject(TASK_STORE) private readonly store: TaskStore,
  ) {}

  // ---- tasks ---------------------------------------------------------------------------------------------------

  /** The tasks of this process by id. */
  get taskDefinitions(): ReadonlyMap<string, ResolvedTask> {
    return this.definitions.local;
  }

  /**
   * Registers a task, at once. A dependency may be registered later.
   * @throws InvalidInputError (a field of the definition), TaskAlreadyRegisteredError, CircularDependencyError with the
   * path, HandlerNotFoundError if no handler here has its funcPath and it is not `remote`
   */
  registerTask(definition: TaskDefinition<any>): void {
    this.definitions.register(definition);
  }

  /**
   * Unregisters a task: its schedules are removed, its queued executions end as CANCELLED / TASK_UNREGISTERED, its runs
   * finish; those that would have to run again end in the same way. Executions that wait for its next execution, in a workflow
   * or not, end as SKIPPED / TASK_UNREGISTERED.
   * @returns false if it was not registered
   * @throws InvalidOptionError unless it is an id or a reference, TaskInUseError while another task depends on it
   */
  unregisterTask(task: TaskTarget<any, any>): boolean {
    return this.definitions.unregister(checkId(taskIdOf(task), 'taskId'));
  }

  /** The tasks of all nodes, by id, as the store has them; JSON has priorities by name. */
  listTasks(): Promise<TaskRecord[]> {
    return this.definitions.list();
  }

  // ---- executions ----------------------------------------------------------------------------------------------

  /**
   * Schedules one execution.
   * @returns its id, a ULID (of the earlier execution if an idempotencyKey repeats)
   * @throws TaskNotRegisteredError, UnknownDependencyError, IdempotencyConflictError, and errors of invalid options
   */
  scheduleTask<P, R>(task: TaskRef<P, R>, options?: ScheduleOptions<P>): Promise<ExecutionId<P, R>>;
  scheduleTask(taskId: string, options?: ScheduleOptions<any>): Promise<ExecutionId<any, any>>;
  scheduleTask(task: TaskTarget<any, any>, options?: ScheduleOptions<any>): Promise<ExecutionId<any, any>> {
    return this.executions.schedule(task, options);
  }

  /** Schedules many executions in one call, all or none; at most 10,000. @returns ids in the given order */
  async scheduleTasks(requests: readonly ScheduleRequest[]): Promise<ExecutionId<any, any>[]> {
    if (!Array.isArray(requests) || requests.length > MAX_BATCH)
      throw new InvalidOptionError('requests', requests, `an array of at most ${MAX_BATCH}`);
    for (const request of requests as readonly ScheduleRequest[]) {
      if (typeof request !== 'object' || request === null)
        throw new InvalidOptionError('requests', request, 'objects with a taskId');
      checkId(taskIdOf(request.taskId), 'taskId');
    }
    return this.executions.scheduleMany(requests as readonly ScheduleRequest[]);
  }

  /**
   * Schedules a whole graph in one transition, or nothing. A node's `dependencies` replace those of its task.
   * @throws DuplicateNodeError, CircularDependencyError, SelfDependencyError, UnknownDependencyError,
   * TaskNotRegisteredError
   */
  async runWorkflow(request: RunWorkflowRequest): Promise<WorkflowRun> {
    return this.executions.runWorkflow(request);
  }

  /**
   * Cancels an execution: at once if it has not started; if it is running, its signal aborts. @returns false: not
   * found, or ended
   */
  async cancelTask(executionId: string): Promise<boolean> {
    return this.executions.cancel(checkId(executionId));
  }

  /** Runs a FAILED, CANCELLED or SKIPPED execution again, and dependents that were SKIPPED only because of it. */
  async retryTask(executionId: string): Promise<boolean> {
    return this.executions.reopen(checkId(executionId));
  }

  async getTaskStatus<P = any, R = any>(executionId: ExecutionId<P, R>): Promise<TaskExecution<P, R> | null> {
    return this.store.getExecution(checkId(executionId)) as Promise<TaskExecution<P, R> | null>;
  }

  /**
   * Resolves with the execution when it has ended, in any status.
   * @throws ExecutionNotFoundError, WaitTimeoutError after `timeout` (default: never), the signal's reason, or
   * SchedulerClosedError if the app closes meanwhile
   */
  async waitForExecution<P = any, R = any>(
    executionId: ExecutionId<P, R>,
    options: { timeout?: Duration; signal?: AbortSignal } = {},
  ): Promise<TaskExecution<P, R>> {
    checkId(executionId);
    checkOptionNames(options, ['timeout', 'signal']);
    checkSignal(options.signal);
    const timeout = options.timeout === undefined ? null : parseDuration(options.timeout, 'timeout');
    return this.executions.wait(executionId, timeout, options.signal) as Promise<TaskExecution<P, R>>;
  }

  /**
   * Newest first. A page may have fewer items than `limit` and a cursor. @throws InvalidOptionError, InvalidDateError
   */
  async listExecutions(query: ListExecutionsOptions = {}): Promise<Page<TaskExecution<any, any>>> {
    return this.executions.list(query);
  }

  /** Why the execution is in its status, as a sentence and as data; null: not found. */
  async why(executionId: string): Promise<Explanation | null> {
    return this.executions.why(checkId(executionId));
  }

  async getWorkflow(workflowId: string): Promise<WorkflowInfo | null> {
    return this.store.getWorkflow(checkId(workflowId, 'workflowId'));
  }

  /** Newest first. @throws InvalidOptionError */
  async listWorkflows(query: ListWorkflowsOptions = {}): Promise<Page<WorkflowInfo>> {
    return this.store.listWorkflows(checkWorkflowListing(query));
  }

  // ---- cron ----------------------------------------------------------------------------------------------------

  /**
   * Puts a schedule: 5 fields (minute hour day month weekday) or 6 (second first). Its id is `options.id`, or the
   * taskId; putting the same id again changes it.
   * @throws InvalidCronExpressionError, CronNeverFiresError, InvalidTimezoneError, TaskNotRegisteredError
   */
  async scheduleCronTask<P = any>(
    task: TaskTarget<P, any>,
    cronExpression: string,
    options: CronOptions<P> = {},
  ): Promise<CronSchedule> {
    return this.definitions.scheduleCron(checkId(taskIdOf(task), 'taskId'), cronExpression, options);
  }

  /** @returns false if there is no schedule with that id */
  async unscheduleCronTask(id: string): Promise<boolean> {
    return this.definitions.cron.remove(checkId(id, 'id'));
  }

  listCronTasks(): Promise<CronSchedule[]> {
    return this.definitions.cron.list();
  }

  async pauseCronTask(id: string): Promise<boolean> {
    return this.definitions.cron.pause(checkId(id, 'id'));
  }

  /** Resumes from now: ticks that passed during the pause are not made up for. */
  async resumeCronTask(id: string): Promise<boolean> {
    return this.definitions.cron.resume(checkId(id, 'id'));
  }

  // ---- scheduler -----------------------------------------------------------------------------------------------

  listWorkers(): Promise<WorkerInfo[]> {
    return this.store.listWorkers();
  }

  /** The queues that have ready executions, are paused, or have a task, by name. */
  async listQueues(): Promise<QueueInfo[]> {
    const [{ queues }, tasks] = await Promise.all([this.store.stats(), this.listTasks()]);
    return queueInfos(queues, tasks);
  }

  getHealthStatus(): Promise<HealthStatus> {
    return this.monitor.getStatus();
  }

  /**
   * Starts or resumes claiming; during the start of the app, as soon as all of it has started.
   * @throws SchedulerClosedError after the app has begun to close
   */
  start(): Promise<void> {
    return this.lifecycle.start();
  }

  /**
   * Stops claiming, not scheduling.
   * @param wait lets runs end first (25 s by default); false aborts them at once, also during an earlier stop that
   * waits
   */
  async stop(wait = true): Promise<void> {
    if (typeof wait !== 'boolean') throw new InvalidOptionError('wait', wait, 'true or false');
    return this.lifecycle.stop(wait);
  }
}
