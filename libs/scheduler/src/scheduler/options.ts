import type { ModuleMetadata, Type, FactoryProvider } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import type { Duration } from '../core/duration.js';
import type { TaskPriorityName } from '../core/priority.js';
import type { EmbeddedOptions } from '../store/embedded/embedded-options.js';
import type { RedisStoreOptions } from '../store/redis/connection/redis-options.js';

/** How one queue is served. */
export interface QueueOptions {
  /** Maximum runs of this queue at a time in this process: a bulkhead. Default: maxConcurrentTasks. */
  concurrency?: number;
  /** Slots of this process reserved for a priority of this queue. Default: none. */
  reserve?: Partial<Record<TaskPriorityName, number>>;
  /** At most `max` starts per `per`, over all nodes. Default: no limit. */
  rateLimit?: { max: number; per: Duration };
  /** Maximum runs at a time over all nodes. Default: no limit. */
  globalConcurrency?: number;
}

export type { EmbeddedOptions };
export type { RedisAddress, RedisStoreOptions } from '../store/redis/connection/redis-options.js';

export type StoreOptions =
  { type: 'memory' } | ({ type: 'embedded' } & EmbeddedOptions) | ({ type: 'redis' } & RedisStoreOptions);

/** How much is kept of one outcome. */
export interface HistoryOptions {
  /** Number of ended executions kept, the newest; a workflow counts as one, with all its executions. Default 1000. */
  count?: number;
  /** Default: any age. */
  age?: Duration;
  /** Bytes of payloads and results kept. Default: no limit. */
  bytes?: number;
}

/** How much is kept of each outcome, if they differ; a workflow counts by its own outcome. */
export interface HistoryByOutcome {
  completed?: number | HistoryOptions;
  failed?: number | HistoryOptions;
  cancelled?: number | HistoryOptions;
  skipped?: number | HistoryOptions;
}

/** Options of SchedulerModule.forRoot; all have defaults. */
export interface SchedulerOptions {
  /**
   * Where the state is: 'memory' ends with the process; 'embedded' is a file of this process; 'redis' is shared by all
   * nodes with the same server and namespace. The last two need an extra package, @photostructure/sqlite and ioredis.
   * Default 'memory'.
   */
  store?: StoreOptions['type'] | StoreOptions;
  /** Separates schedulers that share a store. Default 'default'. */
  namespace?: string;
  /** Name of the app whose code declares tasks and schedules. Default 'app'. */
  appName?: string;
  /** Version of the app: a lower version never overwrites the definitions of a higher one. Default '0.0.0'. */
  version?: string;
  /** Maximum runs at a time in this process, 1 to 10000. Default 10. */
  maxConcurrentTasks?: number;
  /** The queues served here: names, or names with rules. Default: the queues of this process's tasks. */
  queues?: readonly string[] | Readonly<Record<string, QueueOptions>>;
  /** producer: only schedules. worker, both: also runs handlers. Default 'both'. */
  role?: 'producer' | 'worker' | 'both';
  /**
   * How much is kept of ended executions and workflows. Each outcome is limited separately, so successes do not
   * displace failures. A number is a count.
   */
  history?: number | HistoryOptions | HistoryByOutcome;
  /** How long a worker may send no heartbeat before its runs are recovered: 1 s to 10 min. Default '15s'. */
  lease?: Duration;
  /** Limit of an attempt without a timeout. Default '1h'. */
  maxAttemptDuration?: Duration;
  /** How long a handler may continue after its signal was aborted by timeout or cancel. Default '10s'. */
  abortGrace?: Duration;
  /** A graceful stop: how long runs may take to end, and then how long after their abort. Default 25 s and 2 s. */
  shutdown?: { drain?: Duration; grace?: Duration };
  /**
   * Health is degraded if the % of successes within the window (default the last 60 min) is below the threshold.
   * Default 90.
   */
  health?: { threshold?: number; window?: Duration };
  /**
   * Keys whose values are secret, in addition to password, token, secret, apiKey and similar. Values of a payload under
   * such a key are removed from the errors, log lines and progress notes of its execution. Case, `-` and `_` are
   * ignored.
   */
  redact?: readonly string[];
  /** Whether the app's global guards, interceptors, pipes and filters apply to handlers. Default false. */
  applyGlobal?: boolean;
  /** Whether work starts when the app has started. Default true. */
  autoStart?: boolean;
  /** The source of time. Default: the machine's. */
  clock?: Clock;
}

export interface SchedulerModuleOptions extends SchedulerOptions {
  /** Name for an app with several schedulers; injected by @InjectScheduler(name). Default: unnamed. */
  name?: string;
  /** Whether its exports are available in every module. Default true. */
  isGlobal?: boolean;
}

/** Creates the options, if forRootAsync is given a class. */
export interface SchedulerOptionsFactory {
  createSchedulerOptions(): SchedulerOptions | Promise<SchedulerOptions>;
}

export interface SchedulerModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  name?: string;
  isGlobal?: boolean;
  inject?: FactoryProvider['inject'];
  useFactory?: (...args: any[]) => SchedulerOptions | Promise<SchedulerOptions>;
  useClass?: Type<SchedulerOptionsFactory>;
  useExisting?: Type<SchedulerOptionsFactory>;
}
