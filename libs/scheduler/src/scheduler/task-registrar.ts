import { Inject, Injectable } from '@nestjs/common';
import { CRON_OPTION_NAMES, CronScheduler } from '../cron/cron-scheduler.js';
import { checkTaskDefinition } from '../core/check-definition.js';
import { checkOptionNames } from '../core/check-options.js';
import { CLOCK, SystemClock, type Clock } from '../core/clock.js';
import {
  DuplicateScheduleError,
  HandlerNotFoundError,
  InvalidOptionError,
  show,
  TaskAlreadyRegisteredError,
  TaskInUseError,
  withSubject,
} from '../core/errors.js';
import type { CronOptions } from '../core/schedule.js';
import type { TaskDefinition } from '../core/task-definition.js';
import { within } from '../core/within.js';
import { TaskDependencyGraph } from '../dependency/task-dependency-graph.js';
import { SCHEDULER_NAME } from '../events/tokens.js';
import { HandlerRegistry } from '../task/handler-registry.js';
import { TaskCatalog } from '../task/task-catalog.js';
import { hasOptionsFactory, TaskExplorer, type FoundTask } from '../task/task-explorer.js';
import { isTaskRef, type TaskOptions, type TaskRef } from '../task/task-ref.js';
import { AppEdge } from './app-edge.js';
import { RESOLVED_OPTIONS } from './foundation.module.js';
import type { ResolvedOptions } from './resolve-options.js';

const FEATURE = 'SchedulerModule.forFeature';
/** How long a call waits for the boot, for a task that is not registered yet. */
const EARLY_CALL_MS = 10_000;

interface DeclaredCron {
  taskId: string;
  /** Where it is declared. */
  place: string;
  expression: string;
  options: CronOptions;
}

/** Registers tasks: by a call, by decorator, by forFeature. A refused task leaves nothing behind. */
@Injectable()
export class TaskRegistrar {
  private readonly crons: DeclaredCron[] = [];
  private readonly found: FoundTask[] = [];
  /** Registered by a decorator with only a funcPath: a definition with that id replaces it. */
  private readonly bare = new Set<string>();
  private readonly features: (TaskDefinition | TaskRef)[] = [];
  /** Those of `crons` that are in the store. */
  private readonly put = new Set<DeclaredCron>();
  private readonly waiting: (() => void)[] = [];
  private turn: Promise<void> = Promise.resolve();
  private booted = false;

  constructor(
    private readonly catalog: TaskCatalog,
    private readonly graph: TaskDependencyGraph,
    private readonly explorer: TaskExplorer,
    private readonly handlers: HandlerRegistry,
    private readonly cron: CronScheduler,
    private readonly edge: AppEdge,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SCHEDULER_NAME) private readonly schedulerName: string,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * @throws every error of an invalid definition, TaskAlreadyRegisteredError, CircularDependencyError,
   * HandlerNotFoundError
   */
  register(definition: TaskDefinition<any>): void {
    const task = checkTaskDefinition(definition);
    const bare = this.bare.has(task.taskId);
    if (this.catalog.get(task.taskId) && !bare) throw new TaskAlreadyRegisteredError(task.taskId);
    this.requireHandler(task.funcPath, task.taskId, task.remote);
    this.graph.assertAcyclic(task.taskId, task.dependencies);
    if (bare) this.catalog.remove(task.taskId);
    this.bare.delete(task.taskId);
    this.graph.addTask(task.taskId, task.dependencies);
    this.catalog.add(task);
  }

  /** @throws TaskInUseError while another registered task depends on it */
  unregister(taskId: string): boolean {
    if (!this.catalog.get(taskId)) return false;
    const dependents = this.graph.getDependents(taskId);
    if (dependents.length > 0) throw new TaskInUseError(taskId, dependents);
    this.graph.removeTask(taskId);
    return this.catalog.remove(taskId);
  }

  /** Adds the tasks of a forFeature; they are registered at boot. */
  addFeature(tasks: readonly (TaskDefinition | TaskRef)[]): void {
    this.features.push(...tasks);
  }

  /**
   * Registers what decorators and forFeature declare and is not registered yet.
   * @throws the error of an invalid task, again at each call
   */
  boot(): Promise<void> {
    return this.inTurn(async () => {
      await this.registerAll(false);
      this.booted = true;
      for (const tell of this.waiting.splice(0)) tell();
    });
  }

  /** Like boot, after modules were loaded later. An error is thrown once and does not block later loads. */
  bootLate(): Promise<void> {
    return this.inTurn(async () => {
      try {
        await this.registerAll(true);
      } catch (error) {
        this.found.length = this.features.length = 0;
        throw error;
      }
    });
  }

  /**
   * Like boot, for a call while providers are still being created: from a constructor, or from a factory that Nest
   * awaits. Tasks that need other providers have to wait: options from a factory, and tasks of forFeature.
   */
  bootEarly(): Promise<void> {
    return this.inTurn(async () => {
      this.explore();
      await this.registerFound(({ metadata }) => !hasOptionsFactory(metadata.options));
    });
  }

  /**
   * Waits for the boot if one of the tasks is not registered yet. The wait is limited: a provider's factory that awaits
   * it keeps the app from booting.
   */
  async whenKnown(taskIds: readonly unknown[]): Promise<void> {
    if (this.booted || (await this.areKnown(taskIds))) return;
    const booted = new Promise<void>((resolve) => this.waiting.push(resolve));
    await within(new SystemClock(), EARLY_CALL_MS, booted);
  }

  get isBooted(): boolean {
    return this.booted;
  }

  /**
   * Puts the schedules that decorators declare, and removes those that they no longer declare.
   * @param which `new`: only those that were not put before, since others may have been changed by hand
   */
  async reconcileCrons(which: 'all' | 'new'): Promise<void> {
    const { appName, version, store } = this.options;
    // A task may have been unregistered since.
    const declared = this.crons.filter(({ taskId }) => this.catalog.get(taskId));
    const schedules = await Promise.all(
      declared.map(async (cron) => {
        const isPut = which === 'new' && this.put.has(cron);
        return { ...cron, keep: isPut || (await this.catalog.isSuperseded(cron.taskId, appName, version)) };
      }),
    );
    for (const cron of declared) this.put.add(cron);
    await this.cron.reconcile(appName, schedules, store.type !== 'redis');
  }

  private async areKnown(taskIds: readonly unknown[]): Promise<boolean> {
    const awaited = new Set<unknown>(this.found.map(({ metadata }) => metadata.funcPath));
    for (const task of this.features) awaited.add(task?.taskId);
    for (const id of taskIds) {
      if (this.catalog.get(id as string)) continue;
      // If another node runs it, the store knows it.
      if (awaited.has(id) || typeof id !== 'string' || !(await this.catalog.isKnown(id))) return false;
    }
    return true;
  }

  private async registerAll(isLate: boolean): Promise<void> {
    this.explore(isLate);
    this.explorer.checkHidden(isLate);
    await this.registerFound(() => true);
    while (this.features.length > 0) {
      this.registerFeature(this.features[0]!);
      this.features.shift();
    }
  }

  /** A failed task is kept, so a later boot does not skip it. */
  private async registerFound(canRegister: (found: FoundTask) => boolean): Promise<void> {
    for (let index = 0; index < this.found.length;) {
      const found = this.found[index]!;
      if (canRegister(found)) {
        await this.registerDecorated(found);
        this.found.splice(index, 1);
      } else index++;
    }
  }

  private inTurn(step: () => Promise<void>): Promise<void> {
    const run = this.turn.then(step);
    this.turn = run.catch(() => undefined);
    return run;
  }

  private explore(isLate = false): void {
    const { schedulerName, options, edge } = this;
    const schedulers = edge.isComplete ? edge.schedulers : null;
    this.explorer.explore({ schedulerName, applyGlobal: options.applyGlobal, schedulers, isLate }, this.found);
  }

  private async registerDecorated(found: FoundTask): Promise<void> {
    const { metadata, place } = found;
    const options = await this.explorer.optionsOf(found);
    const isBare = Object.keys(options).every((key) => key === 'scheduler');
    if (isBare && this.catalog.get(metadata.funcPath)) return;
    this.registerOptions(metadata.funcPath, options, place);
    if (isBare) this.bare.add(metadata.funcPath);
  }

  private registerFeature(task: TaskDefinition | TaskRef): void {
    if (isTaskRef(task)) {
      if (this.catalog.get(task.taskId)) return;
      const remote = !this.handlers.has(task.funcPath);
      this.requireOwn(task);
      this.registerOptions(task.funcPath, { remote, ...task.options }, FEATURE);
    } else withSubjectOf((task as { taskId?: unknown } | null)?.taskId, FEATURE, () => this.register(task));
  }

  /** @throws the errors of register, with the task and its place in the message */
  private registerOptions(funcPath: string, given: TaskOptions, place: string): void {
    const { cron, scheduler: _scheduler, ...options } = given;
    const taskId = options.taskId ?? funcPath;
    withSubjectOf(taskId, place, () => {
      if ('funcPath' in options)
        throw new InvalidOptionError('funcPath', options.funcPath, 'only as the first argument of the decorator');
      const declared = 'cron' in given && cron !== undefined ? checkCron(cron) : null;
      if (declared) {
        this.cron.validate(taskId, declared.expression, declared.options, this.clock.now());
        this.requireNewSchedule(declared.options.id ?? taskId, taskId, place);
      }
      this.register({ ...options, taskId, funcPath });
      if (declared) this.crons.push({ taskId, place, ...declared });
    });
  }

  /** A reference may name its scheduler; it must be the one of forFeature. */
  private requireOwn({ taskId, options }: TaskRef): void {
    const { scheduler = '' } = options;
    if (scheduler === this.schedulerName) return;
    const allowed = `${this.schedulerName === '' ? 'none' : `'${this.schedulerName}'`}, the scheduler that forFeature names`;
    throw withSubject(`task '${taskId}' (${FEATURE})`, new InvalidOptionError('scheduler', scheduler, allowed));
  }

  private requireNewSchedule(id: string, taskId: string, place: string): void {
    const other = this.crons.find((each) => (each.options.id ?? each.taskId) === id);
    if (!other) return;
    const places = [other, { taskId, place }].map((each) => `task '${each.taskId}' (${each.place})`);
    throw new DuplicateScheduleError(id, places);
  }

  /** On a shared store another process may run it; otherwise this process needs the handler. */
  private requireHandler(funcPath: string, taskId: string, remote: boolean): void {
    if (remote || this.options.role === 'producer' || this.handlers.has(funcPath)) return;
    this.explore();
    if (!this.handlers.has(funcPath)) throw new HandlerNotFoundError(funcPath, taskId);
  }
}

/** @throws InvalidOptionError if it is neither an expression nor one with options */
function checkCron(cron: unknown): { expression: string; options: CronOptions } {
  if (typeof cron === 'string') return { expression: cron, options: {} };
  if (typeof cron !== 'object' || cron === null || Array.isArray(cron))
    throw new InvalidOptionError('cron', cron, "an expression such as '0 6 * * *', or { expression, … }");
  checkOptionNames(cron, ['expression', ...CRON_OPTION_NAMES], 'cron');
  const { expression, ...options } = cron as CronOptions & { expression: string };
  return { expression, options };
}

function withSubjectOf(taskId: unknown, place: string, register: () => void): void {
  try {
    register();
  } catch (error) {
    throw withSubject(`task ${typeof taskId === 'string' ? `'${taskId}'` : show(taskId)} (${place})`, error);
  }
}
