import 'reflect-metadata';
import { Injectable, type LoggerService, type ModuleMetadata, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  AdvancedTaskScheduler,
  ScheduledTask,
  SchedulerModule,
  type SchedulerModuleOptions,
  type TaskContext,
  type TaskExecution,
  type TaskOptions,
} from 'nestjs-advanced-scheduler';
import {
  SchedulerTestingModule,
  SchedulerTestKit,
  type SchedulerTestingOptions,
} from 'nestjs-advanced-scheduler/testing';

type Handler = (payload: any, ctx: TaskContext) => unknown;
/** Tasks by funcPath: their handler, or their options and their handler. */
export type Tasks = Record<string, Handler | [TaskOptions<any>, Handler]>;

const nothing = (): void => undefined;
/** Apps under test say on purpose what would be alarming elsewhere. */
export const SILENT: LoggerService = { log: nothing, error: nothing, warn: nothing, debug: nothing, verbose: nothing };

const open: TestingModule[] = [];

/** A provider class with a decorated method for each task. */
export function handlersOf(tasks: Tasks): Type {
  @Injectable()
  class Handlers {}
  for (const [index, [funcPath, task]] of Object.entries(tasks).entries()) {
    const [options, handler] = typeof task === 'function' ? [{}, task] : task;
    const key = `task${index}`;
    // Through a new function, since one handler may bear several tasks.
    const value = (payload: unknown, ctx: TaskContext) => handler(payload, ctx);
    Object.defineProperty(Handlers.prototype, key, { value, writable: true, configurable: true });
    ScheduledTask(funcPath, options)(Handlers.prototype, key, { value });
  }
  return Handlers;
}

/** A module with a scheduler on the machine's clock, started. */
export async function startModule(
  metadata: ModuleMetadata,
  options: SchedulerModuleOptions = {},
  logger: LoggerService = SILENT,
): Promise<TestingModule> {
  const module = await Test.createTestingModule({
    ...metadata,
    imports: [SchedulerModule.forRoot(options), ...(metadata.imports ?? [])],
  })
    .setLogger(logger)
    .compile();
  closeLater(module);
  await module.init();
  return module;
}

/** An app of these tasks on the machine's clock, started. */
export async function startApp(tasks: Tasks, options: SchedulerModuleOptions = {}, more: ModuleMetadata = {}) {
  const providers = [handlersOf(tasks), ...(more.providers ?? [])];
  const module = await startModule({ ...more, providers }, options);
  return { module, scheduler: module.get(AdvancedTaskScheduler) };
}

/** Runs a task once, to its end. */
export async function runTask(module: TestingModule, taskId: string, payload?: unknown): Promise<TaskExecution> {
  const scheduler = module.get(AdvancedTaskScheduler);
  return scheduler.waitForExecution(await scheduler.scheduleTask(taskId, { payload }));
}

/** An app whose clock stands still. */
export async function startKit(tasks: Tasks, options: SchedulerTestingOptions = {}, more: ModuleMetadata = {}) {
  const module = await Test.createTestingModule({
    ...more,
    imports: [SchedulerTestingModule.forRoot(options), ...(more.imports ?? [])],
    providers: [handlersOf(tasks), ...(more.providers ?? [])],
  })
    .setLogger(SILENT)
    .compile();
  closeLater(module);
  await module.init();
  const kit = module.get(SchedulerTestKit);
  return { module, kit, clock: kit.clock, scheduler: module.get(AdvancedTaskScheduler) };
}

/** Has `closeApps` close a module that was not started here. */
export function closeLater(module: TestingModule): void {
  open.push(module);
}

/** For afterEach. */
export async function closeApps(): Promise<void> {
  for (const module of open.splice(0)) await module.close();
}

/** Resolves when the store says that no run is active. Where it does not answer in time, all figures are 0. */
export async function nothingRuns(scheduler: AdvancedTaskScheduler): Promise<void> {
  for (;;) {
    const { storeReachable, runningTasks } = await scheduler.getHealthStatus();
    if (storeReachable && runningTasks === 0) return;
  }
}

/** A promise with its handles outside, for a test that waits on signals. */
export function gate<T = void>(): { opened: Promise<T>; open: (value: T) => void } {
  let resolve!: (value: T) => void;
  const opened = new Promise<T>((done) => (resolve = done));
  return { opened, open: resolve };
}

/** Resolves when the signal aborts, with its reason. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}
