import { Inject, Injectable } from '@nestjs/common';
import { CronScheduler } from '../cron/cron-scheduler.js';
import { checkTaskDefinition } from '../core/check-definition.js';
import { HandlerNotFoundError, TaskAlreadyRegisteredError, TaskInUseError } from '../core/errors.js';
import type { CronOptions } from '../core/schedule.js';
import type { TaskDefinition } from '../core/task-definition.js';
import { TaskDependencyGraph } from '../dependency/task-dependency-graph.js';
import { SCHEDULER_NAME } from '../events/tokens.js';
import { HandlerRegistry } from '../task/handler-registry.js';
import { TaskCatalog } from '../task/task-catalog.js';
import { TaskExplorer, type FoundTask } from '../task/task-explorer.js';
import { isTaskRef, type CronSetting, type TaskOptions, type TaskRef } from '../task/task-ref.js';
import { RESOLVED_OPTIONS } from './foundation.module.js';
import type { ResolvedOptions } from './resolve-options.js';

interface DeclaredCron {
  taskId: string;
  expression: string;
  options: CronOptions;
}

/** Registers tasks: by hand, by decorator, by forFeature. Nothing is left behind where one is refused. */
@Injectable()
export class TaskRegistrar {
  private readonly crons: DeclaredCron[] = [];
  private readonly found: FoundTask[] = [];
  /** Registered by a decorator that says nothing but the funcPath: a definition of that id replaces it. */
  private readonly bare = new Set<string>();
  private readonly features: (TaskDefinition | TaskRef)[] = [];
  private booting: Promise<void> | null = null;
  private booted = false;

  constructor(
    private readonly catalog: TaskCatalog,
    private readonly graph: TaskDependencyGraph,
    private readonly explorer: TaskExplorer,
    private readonly handlers: HandlerRegistry,
    private readonly cron: CronScheduler,
    @Inject(SCHEDULER_NAME) private readonly schedulerName: string,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /** @throws every error of a bad definition, TaskAlreadyRegisteredError, CircularDependencyError, HandlerNotFoundError */
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

  /** Takes up what forFeature names; it is registered at boot. */
  addFeature(tasks: readonly (TaskDefinition | TaskRef)[]): void {
    this.features.push(...tasks);
    if (this.booted) for (const task of this.features.splice(0)) this.registerFeature(task);
  }

  /** Finds decorated methods and registers their tasks, once; whoever schedules earlier waits for it. */
  boot(): Promise<void> {
    return (this.booting ??= this.registerAll().then(() => void (this.booted = true)));
  }

  /** Registers what has come since the boot, where that was before all providers were made. */
  async bootRest(): Promise<void> {
    if (this.booted) await this.registerAll();
  }

  get isBooted(): boolean {
    return this.booted;
  }

  /** Puts the schedules that decorators declare, and retires those that they no longer do. */
  async reconcileCrons(): Promise<void> {
    const { appName, version, store } = this.options;
    const schedules = await Promise.all(
      this.crons.map(async (cron) => {
        return { ...cron, superseded: await this.catalog.isSuperseded(cron.taskId, appName, version) };
      }),
    );
    await this.cron.reconcile(appName, schedules, store.type !== 'redis');
  }

  private async registerAll(): Promise<void> {
    const found = this.found.splice(0).concat(this.explore());
    for (const each of found) await this.registerFound(each);
    for (const task of this.features.splice(0)) this.registerFeature(task);
  }

  private explore(): FoundTask[] {
    return this.explorer.explore({ schedulerName: this.schedulerName, applyGlobal: this.options.applyGlobal });
  }

  private async registerFound({ metadata }: FoundTask): Promise<void> {
    const options = await this.explorer.optionsOf(metadata);
    const isBare = Object.keys(options).every((key) => key === 'scheduler');
    if (isBare && this.catalog.get(metadata.funcPath)) return;
    this.registerOptions(metadata.funcPath, options);
    if (isBare) this.bare.add(metadata.funcPath);
  }

  private registerFeature(task: TaskDefinition | TaskRef): void {
    if (!isTaskRef(task)) this.register(task);
    else if (!this.catalog.get(task.taskId))
      this.registerOptions(task.funcPath, { remote: !this.handlers.has(task.funcPath), ...task.options });
  }

  private registerOptions(funcPath: string, { cron, scheduler: _scheduler, ...options }: TaskOptions): void {
    const taskId = options.taskId ?? funcPath;
    this.register({ ...options, taskId, funcPath });
    if (cron !== undefined) this.crons.push({ taskId, ...splitCron(cron) });
  }

  /** Another process may run it on a shared store; in a store of this process alone nobody else will. */
  private requireHandler(funcPath: string, taskId: string, remote: boolean): void {
    if (remote || this.options.role === 'producer' || this.handlers.has(funcPath)) return;
    this.found.push(...this.explore());
    if (!this.handlers.has(funcPath)) throw new HandlerNotFoundError(funcPath, taskId);
  }
}

function splitCron(cron: CronSetting): { expression: string; options: CronOptions } {
  if (typeof cron === 'string') return { expression: cron, options: {} };
  const { expression, ...options } = cron;
  return { expression, options };
}
