import { AssertionError } from 'node:assert';
import { Inject, Injectable } from '@nestjs/common';
import { BootContext } from '../core/boot-context.js';
import { checkId } from '../core/check-options.js';
import { parseDuration, type Duration } from '../core/duration.js';
import type { TaskExecution } from '../core/execution.js';
import { instantOf } from '../core/instant.js';
import { Liveness } from '../core/liveness.js';
import { EventHub } from '../events/event-hub.js';
import { Maintenance } from '../maintenance/maintenance.js';
import { RESOLVED_OPTIONS } from '../scheduler/foundation.module.js';
import type { ResolvedOptions } from '../scheduler/resolve-options.js';
import { SchedulerLifecycle } from '../scheduler/scheduler-lifecycle.js';
import { TASK_STORE, type TaskStore } from '../store/task-store.js';
import { HandlerRegistry } from '../task/handler-registry.js';
import { TaskCatalog } from '../task/task-catalog.js';
import { taskIdOf, type TaskRef, type TaskTarget } from '../task/task-ref.js';
import { TaskWorker } from '../worker/task-worker.js';
import { ManualClock } from './manual-clock.js';
import {
  checkExpected,
  describeExecution,
  describeExpected,
  matches,
  type ExpectedExecution,
} from './match-execution.js';
import { runHandler, type HandlerRunOptions } from './run-handler.js';
import { Stepper } from './stepper.js';

const LISTED = 20;
const PAGE = 1000;

/**
 * Controls a scheduler with a manual clock: nothing runs until `drain`, `advance` or `advanceTo`. Provided by
 * SchedulerTestingModule: `module.get(SchedulerTestKit)`.
 */
@Injectable()
export class SchedulerTestKit {
  /** The clock of the scheduler. */
  readonly clock: ManualClock;
  /**
   * ms of real time for a handler to make progress. After that the kit assumes that it waits for an instant, and
   * advances the clock. Default 100.
   */
  patience = 100;
  private readonly stepper: Stepper;

  constructor(
    worker: TaskWorker,
    maintenance: Maintenance,
    hub: EventHub,
    private readonly liveness: Liveness,
    private readonly context: BootContext,
    private readonly catalog: TaskCatalog,
    private readonly handlers: HandlerRegistry,
    private readonly lifecycle: SchedulerLifecycle,
    @Inject(TASK_STORE) private readonly store: TaskStore,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    const { clock } = options;
    if (!(clock instanceof ManualClock))
      throw new TypeError('SchedulerTestKit needs a ManualClock: use SchedulerTestingModule, or give `clock` one');
    this.clock = clock;
    this.stepper = new Stepper(clock, worker, maintenance, liveness, store, hub);
    lifecycle.whileDraining(() => this.runOut());
  }

  /** Runs everything that is ready, and what becomes ready as a result, without advancing the clock. */
  async drain(): Promise<void> {
    await this.begin();
    await this.stepper.settle(this.patience);
  }

  /**
   * Advances the clock from instant to instant: retries, ticks, timeouts and waits happen at their own instants.
   * @param duration ms, or text such as '10m'
   */
  advance(duration: Duration): Promise<void> {
    return this.advanceTo(this.clock.now() + parseDuration(duration, 'duration', { bareSeconds: 'accept' }));
  }

  /** Like advance, to an instant. @throws RangeError if it is invalid, or in the past */
  async advanceTo(instant: Date | string | number): Promise<void> {
    const target = instantOf(instant);
    if (!(target >= this.clock.now()))
      throw new RangeError(`${String(instant)} is not an instant after ${new Date(this.clock.now()).toISOString()}`);
    await this.begin();
    await this.stepper.advanceTo(target, this.patience);
  }

  /** All executions in the store, of one task or of all, the first scheduled first. */
  async executions<P = any, R = any>(task?: TaskTarget<P, R>): Promise<TaskExecution<P, R>[]> {
    const found: TaskExecution[] = [];
    const taskId = task === undefined ? undefined : checkId(taskIdOf(task), 'taskId');
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await this.store.listExecutions({
        limit: PAGE,
        ...(taskId && { taskId }),
        ...(cursor && { cursor }),
      });
      found.push(...page.items);
      cursor = page.nextCursor;
    }
    return found.reverse() as TaskExecution<P, R>[];
  }

  /**
   * Asserts that an execution of the task was scheduled, in any status.
   * @returns the newest match
   * @throws AssertionError with a list of scheduled executions; InvalidOptionError for an unknown field of `expected`
   */
  async expectScheduled<P = any, R = any>(
    task: TaskTarget<P, R>,
    expected: ExpectedExecution<P> = {},
  ): Promise<TaskExecution<P, R>> {
    checkExpected(expected);
    const all = await this.executions(task);
    const found = all.findLast((execution) => matches(execution, expected));
    if (found) return found;
    const problem = `expected an execution of '${taskIdOf(task)}' with ${describeExpected(expected)}`;
    throw await this.failure(problem, task, all);
  }

  /** Asserts that there is no such execution. @throws AssertionError with a list of scheduled executions */
  async expectNotScheduled<P = any>(task: TaskTarget<P, any>, expected: ExpectedExecution<P> = {}): Promise<void> {
    checkExpected(expected);
    const all = await this.executions(task);
    if (!all.some((execution) => matches(execution, expected))) return;
    const problem = `expected no execution of '${taskIdOf(task)}' with ${describeExpected(expected)}`;
    throw await this.failure(problem, task, all);
  }

  /**
   * Runs a task's handler alone, with its guards, pipes, interceptors, filters and scope; nothing is stored.
   * @param payload merged over the task's, as in scheduleTask
   * @param ctx values of its TaskContext
   * @returns the handler's result; rejects with its error
   */
  runHandler<P, R>(task: TaskRef<P, R>, payload?: P, ctx?: HandlerRunOptions): Promise<R>;
  runHandler(taskId: string, payload?: unknown, ctx?: HandlerRunOptions): Promise<any>;
  async runHandler(task: TaskTarget<any, any>, payload?: unknown, ctx: HandlerRunOptions = {}): Promise<unknown> {
    await this.begin();
    const { catalog, handlers, clock } = this;
    const parts = { catalog, handlers, clock };
    return this.context.run(() => runHandler(parts, taskIdOf(task), payload, ctx));
  }

  /** A handler that waits for an instant would block the end of the app: advances the clock for it. */
  private async runOut(): Promise<void> {
    for (const wait of [this.options.drain, this.options.drainGrace]) {
      await this.stepper.quiet(this.patience);
      if (this.stepper.running > 0) this.clock.advance(wait);
    }
  }

  /** Nest calls no hooks of a module that is only compiled. */
  private async begin(): Promise<void> {
    if (this.liveness.ready) return;
    await this.lifecycle.onModuleInit();
    await this.lifecycle.onApplicationBootstrap();
    await this.lifecycle.begin();
  }

  private async failure(
    problem: string,
    task: TaskTarget<any, any>,
    ofTask: readonly TaskExecution[],
  ): Promise<AssertionError> {
    const list = ofTask.slice(-LISTED).map((execution) => `  ${describeExecution(execution)}`);
    const others = new Set((await this.executions()).map((execution) => execution.taskId));
    others.delete(taskIdOf(task));
    const shown = list.length > 0 ? [`scheduled (${ofTask.length}):`, ...list] : ['nothing was scheduled'];
    const rest = others.size > 0 ? [`scheduled of other tasks: ${[...others].join(', ')}`] : [];
    return new AssertionError({ message: [problem, ...shown, ...rest].join('\n') });
  }
}
