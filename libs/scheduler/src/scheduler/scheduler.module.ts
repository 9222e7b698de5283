import { Inject, Injectable, Module, type DynamicModule, type OnModuleInit, type Provider } from '@nestjs/common';
import { InvalidOptionError } from '../core/errors.js';
import type { TaskDefinition } from '../core/task-definition.js';
import { CronModule } from '../cron/cron.module.js';
import { DependencyModule } from '../dependency/dependency.module.js';
import { EventsModule } from '../events/events.module.js';
import { HealthModule } from '../health/health.module.js';
import { LockModule } from '../lock/lock.module.js';
import { MaintenanceModule } from '../maintenance/maintenance.module.js';
import { QueueModule } from '../queue/queue.module.js';
import { RetryModule } from '../retry/retry.module.js';
import { TaskModule } from '../task/task.module.js';
import type { TaskRef } from '../task/task-ref.js';
import { WorkerModule } from '../worker/worker.module.js';
import { AdvancedTaskScheduler } from './advanced-task-scheduler.js';
import { AppEdgeModule } from './app-edge.js';
import { Definitions } from './definitions.js';
import { Executions } from './executions.js';
import { ExecutionPlanner } from './execution-planner.js';
import { FoundationModule, SCHEDULER_OPTIONS } from './foundation.module.js';
import type { SchedulerModuleAsyncOptions, SchedulerModuleOptions, SchedulerOptionsFactory } from './options.js';
import { Readiness } from './readiness.js';
import { SchedulerLifecycle } from './scheduler-lifecycle.js';
import { TaskRegistrar } from './task-registrar.js';
import { checkAsyncOptions, checkModuleOptions, checkSchedulerName } from './check-module-options.js';
import { getSchedulerToken } from './tokens.js';

/** The scheduler as one module: import it, decorate methods, schedule. */
@Module({})
export class SchedulerModule {
  /**
   * Defaults: store 'memory', ten runs at a time, started with the app.
   * @throws InvalidOptionError, InvalidNameError; for most options when the app starts
   */
  static forRoot(given: SchedulerModuleOptions = {}): DynamicModule {
    checkModuleOptions(given);
    const { name = '', isGlobal = true, ...options } = given;
    return compose(name, isGlobal, [], [{ provide: SCHEDULER_OPTIONS, useValue: options }]);
  }

  /**
   * Options from other providers, such as ConfigService; `name` and `isGlobal` are given directly.
   * @throws InvalidOptionError, InvalidNameError
   */
  static forRootAsync(given: SchedulerModuleAsyncOptions): DynamicModule {
    checkAsyncOptions(given);
    const { name = '', isGlobal = true, imports, ...how } = given;
    return compose(name, isGlobal, imports, asyncOptions(how));
  }

  /**
   * Registers tasks with a scheduler of the app at boot: definitions, or references whose handler may be elsewhere.
   * @param scheduler its name. Default: the unnamed one
   * @throws InvalidOptionError if it is not a list of tasks; for each task when the app starts
   */
  static forFeature(tasks: readonly (TaskDefinition<any> | TaskRef<any, any>)[], scheduler?: string): DynamicModule {
    if (!Array.isArray(tasks)) throw new InvalidOptionError('tasks', tasks, 'a list of definitions and references');
    checkSchedulerName(scheduler, 'scheduler');
    @Injectable()
    class SchedulerFeature implements OnModuleInit {
      constructor(@Inject(registrarToken(scheduler)) private readonly registrar: TaskRegistrar) {
        registrar.addFeature(tasks);
      }

      onModuleInit(): Promise<void> {
        return this.registrar.boot();
      }
    }
    return { module: SchedulerFeatureModule, providers: [SchedulerFeature] };
  }
}

/** The module of each forFeature. */
@Module({})
class SchedulerFeatureModule {}

/** The parts of one scheduler, each a module with only what it needs. */
function compose(name: string, global: boolean, imports: DynamicModule['imports'], options: Provider[]): DynamicModule {
  const foundation = FoundationModule.register(name, imports, options);
  const events = EventsModule.register(foundation);
  const tasks = TaskModule.register(foundation);
  const queue = QueueModule.register(foundation);
  const lock = LockModule.register(foundation, events);
  const cron = CronModule.register(foundation);
  const dependency = DependencyModule.register();
  const health = HealthModule.register(foundation);
  const worker = WorkerModule.register(foundation, events, tasks, RETRY);
  const maintenance = MaintenanceModule.register(foundation, events, queue, tasks, cron, RETRY);
  // Only under its own token, so `app.get(AdvancedTaskScheduler)` never returns a named one.
  const scheduler = { provide: getSchedulerToken(name), useClass: AdvancedTaskScheduler };
  const registrar = { provide: registrarToken(name), useExisting: TaskRegistrar };
  return {
    module: SchedulerModule,
    global,
    imports: [
      AppEdgeModule,
      foundation,
      events,
      tasks,
      queue,
      dependency,
      lock,
      RETRY,
      cron,
      health,
      worker,
      maintenance,
    ],
    providers: [
      scheduler,
      Definitions,
      Executions,
      ExecutionPlanner,
      Readiness,
      SchedulerLifecycle,
      TaskRegistrar,
      registrar,
    ],
    // The classes of a named scheduler are not exported: injection by class always gives the unnamed one.
    exports:
      name === ''
        ? [registrar.provide, AdvancedTaskScheduler, queue, dependency, lock, RETRY, health]
        : [registrar.provide, getSchedulerToken(name)],
  };
}

/** Stateless decisions, shared by all schedulers. */
const RETRY: DynamicModule = { module: RetryModule };

function registrarToken(name = ''): string {
  return `nestjs-advanced-scheduler:registrar:${name}`;
}

function asyncOptions({
  inject = [],
  useFactory,
  useClass,
  useExisting,
}: Omit<SchedulerModuleAsyncOptions, 'name' | 'isGlobal' | 'imports'>): Provider[] {
  if (useFactory) return [{ provide: SCHEDULER_OPTIONS, useFactory, inject }];
  const source = (useExisting ?? useClass)!;
  const options: Provider = {
    provide: SCHEDULER_OPTIONS,
    useFactory: (factory: SchedulerOptionsFactory) => factory.createSchedulerOptions(),
    inject: [source],
  };
  return useClass ? [useClass, options] : [options];
}
