import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../core/clock.js';
import { checkId } from '../core/check-options.js';
import type { NewExecution } from '../core/commands.js';
import type { TaskExecution } from '../core/execution.js';
import type { ScheduleOptions } from '../core/plan-execution.js';
import { isTerminal } from '../core/status.js';
import { ExecutionWaiter } from '../events/execution-waiter.js';
import { SchedulerHealthMonitor } from '../health/scheduler-health-monitor.js';
import type { Page } from '../store/records.js';
import { TASK_STORE, type TaskStore } from '../store/task-store.js';
import { taskIdOf, type TaskTarget } from '../task/task-ref.js';
import { ExecutionPlanner, type WorkflowRun } from './execution-planner.js';
import { explain, type Explanation } from './explain.js';
import { RESOLVED_OPTIONS } from './foundation.module.js';
import { checkListing, type ListExecutionsOptions } from './list-options.js';
import { Readiness } from './readiness.js';
import type { ResolvedOptions } from './resolve-options.js';
import { SchedulerLifecycle } from './scheduler-lifecycle.js';
import { taskIdsOf, withTaskIds, type RunWorkflowRequest } from './workflow-request.js';

/** One of `scheduleTasks`. */
export interface ScheduleRequest<P = any> extends ScheduleOptions<P> {
  taskId: TaskTarget<P, any>;
}

/** Requests to run tasks: made, changed and read. Ids of executions are checked by the caller. */
@Injectable()
export class Executions {
  constructor(
    private readonly planner: ExecutionPlanner,
    private readonly readiness: Readiness,
    private readonly waiter: ExecutionWaiter,
    private readonly lifecycle: SchedulerLifecycle,
    private readonly monitor: SchedulerHealthMonitor,
    @Inject(TASK_STORE) private readonly store: TaskStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  async schedule(task: TaskTarget<any, any>, options?: ScheduleOptions<any>): Promise<string> {
    const taskId = checkId(taskIdOf(task), 'taskId');
    if (!this.readiness.isReady) await this.readiness.prepare(taskId);
    const planned = this.planner.plan(taskId, options);
    const ids = await this.store.enqueue([planned instanceof Promise ? await planned : planned]);
    return ids[0]!;
  }

  /** @returns ids in the order of the requests; all are stored, or none */
  async scheduleMany(requests: readonly ScheduleRequest[]): Promise<string[]> {
    if (!this.readiness.isReady) await this.readiness.prepare(...requests.map(({ taskId }) => taskIdOf(taskId)));
    const batch: NewExecution[] = [];
    const now = this.clock.now();
    for (const request of requests) {
      const planned = this.planner.plan(taskIdOf(request.taskId), request, now);
      batch.push(planned instanceof Promise ? await planned : planned);
    }
    return batch.length === 0 ? [] : this.store.enqueue(batch);
  }

  async runWorkflow(request: RunWorkflowRequest): Promise<WorkflowRun> {
    const withIds = withTaskIds(request);
    if (!this.readiness.isReady) await this.readiness.prepare(...taskIdsOf(withIds));
    const { workflow, executions, run } = await this.planner.planWorkflow(withIds);
    // The plan is not referenced while the store works, so that it can be collected.
    return this.store.startWorkflow(workflow, executions).then(() => run);
  }

  /** @returns false: not found, or ended already */
  async cancel(executionId: string): Promise<boolean> {
    const change = await this.store.cancel(executionId, this.options.abortGrace);
    return change !== null && !isTerminal(change.was);
  }

  /** @returns false: not found, or in no state from which it can run again */
  async reopen(executionId: string): Promise<boolean> {
    const change = await this.store.reopen(executionId);
    return change !== null && change.was !== change.is;
  }

  wait(executionId: string, timeout: number | null, signal?: AbortSignal): Promise<TaskExecution> {
    this.lifecycle.noteWait();
    return this.waiter.wait(executionId, timeout, signal);
  }

  list(query: ListExecutionsOptions): Promise<Page<TaskExecution>> {
    return this.store.listExecutions(checkListing(query, this.clock.now()));
  }

  async why(executionId: string): Promise<Explanation | null> {
    const execution = await this.store.getExecution(executionId);
    const isReady = execution?.waitingFor?.kind === 'queue';
    return execution && explain(execution, isReady ? await this.store.listWorkers() : [], this.monitor.starved);
  }
}
