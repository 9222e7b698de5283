import { Module, type DynamicModule, type ModuleMetadata, type Provider } from '@nestjs/common';
import { BootContext } from '../core/boot-context.js';
import { CLOCK, SystemClock } from '../core/clock.js';
import { ContextClock } from '../core/context-clock.js';
import { ulid } from '../core/ids.js';
import { Liveness } from '../core/liveness.js';
import { SCHEDULER_NAME } from '../events/tokens.js';
import { HEALTH_SETTINGS, type HealthSettings } from '../health/scheduler-health-monitor.js';
import { MAINTENANCE_SETTINGS, type MaintenanceSettings } from '../maintenance/maintenance.js';
import { EmbeddedTaskStore } from '../store/embedded/embedded.store.js';
import { MemoryTaskStore } from '../store/memory/memory.store.js';
import { RedisTaskStore } from '../store/redis/redis.store.js';
import { TASK_STORE, type TaskStore } from '../store/task-store.js';
import { APP_IDENTITY, type AppIdentity } from '../task/task-catalog.js';
import { WORKER_SETTINGS, type WorkerSettings } from '../worker/worker-settings.js';
import { resolveOptions, type ResolvedOptions } from './resolve-options.js';
import type { SchedulerOptions } from './options.js';

/** DI token of the options as given. */
export const SCHEDULER_OPTIONS = Symbol.for('nestjs-advanced-scheduler:options');
/** DI token of the checked, complete options. */
export const RESOLVED_OPTIONS = Symbol.for('nestjs-advanced-scheduler:resolved-options');

/** Heartbeats in one lease: two may be lost. */
const BEATS_PER_LEASE = 3;

/** The foundation of all parts of one scheduler: the options for each part, the clock and the store. */
@Module({})
export class FoundationModule {
  static register(name: string, imports: ModuleMetadata['imports'], options: readonly Provider[]): DynamicModule {
    const providers: Provider[] = [
      ...options,
      Liveness,
      BootContext,
      { provide: SCHEDULER_NAME, useValue: name },
      {
        provide: RESOLVED_OPTIONS,
        useFactory: (given: SchedulerOptions) => resolveOptions(given),
        inject: [SCHEDULER_OPTIONS],
      },
      from(CLOCK, ({ clock }, context) => new ContextClock(clock, context)),
      from(TASK_STORE, (resolved, context) => context.wrap(context.run(createStore, resolved))),
      from(APP_IDENTITY, ({ appName, version }): AppIdentity => ({ appName, version })),
      from(WORKER_SETTINGS, workerSettings),
      from(MAINTENANCE_SETTINGS, ({ lease, abortGrace, role }): MaintenanceSettings => ({
        scheduler: name || 'default',
        lease,
        abortGrace,
        isWorker: role !== 'producer',
      })),
      from(HEALTH_SETTINGS, (resolved) => healthSettings(name, resolved)),
    ];
    const tokens = [
      Liveness,
      BootContext,
      SCHEDULER_NAME,
      RESOLVED_OPTIONS,
      CLOCK,
      TASK_STORE,
      APP_IDENTITY,
      WORKER_SETTINGS,
      MAINTENANCE_SETTINGS,
      HEALTH_SETTINGS,
    ];
    return { module: FoundationModule, imports, providers, exports: tokens };
  }
}

function from<T>(provide: symbol, useFactory: (options: ResolvedOptions, context: BootContext) => T): Provider {
  return { provide, useFactory, inject: [RESOLVED_OPTIONS, BootContext] };
}

function createStore({ store, namespace, clock, lease, maxAttemptDuration, history }: ResolvedOptions): TaskStore {
  switch (store.type) {
    case 'memory':
      return new MemoryTaskStore({ clock, lease, maxAttemptDuration, history });
    case 'embedded':
      return new EmbeddedTaskStore({ path: store.path, sync: store.sync, clock, lease, maxAttemptDuration, history });
    case 'redis':
      return new RedisTaskStore({
        connection: store.connection,
        namespace,
        lease,
        maxAttemptDuration,
        history,
        // The server's time, unless a test provides a clock.
        ...(!(clock instanceof SystemClock) && { testClock: clock }),
      });
  }
}

function workerSettings({
  appName,
  version,
  maxConcurrentTasks,
  queues,
  lease,
  abortGrace,
  drain,
  drainGrace,
  redaction,
  clock,
}: ResolvedOptions): WorkerSettings {
  const workerId = `${appName}:${ulid(clock.now())}`;
  return {
    workerId,
    appName,
    version,
    maxConcurrentTasks,
    queues,
    lease,
    heartbeat: lease / BEATS_PER_LEASE,
    abortGrace,
    drain,
    drainGrace,
    redaction,
  };
}

function healthSettings(name: string, { maxConcurrentTasks, health, lease }: ResolvedOptions): HealthSettings {
  return {
    scheduler: name || 'default',
    maxConcurrentTasks,
    threshold: health.threshold,
    window: health.window,
    stall: lease,
  };
}
