import type { ModuleMetadata, Type, FactoryProvider } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import type { Duration } from '../core/duration.js';
import type { TaskPriorityName } from '../core/priority.js';
import type { EmbeddedOptions } from '../store/embedded/embedded-options.js';
import type { RedisStoreOptions } from '../store/redis/connection/redis-options.js';

/** How one queue is served. */
export interface QueueOptions {
  /** At most so many runs of this queue at a time in this process: a bulkhead. Default: maxConcurrentTasks. */
  concurrency?: number;
  /** Slots of this process kept free for a level of this queue. Default: none. */
  reserve?: Partial<Record<TaskPriorityName, number>>;
  /** At most `max` starts per `per`, on all nodes together. Default: no limit. */
  rateLimit?: { max: number; per: Duration };
  /** At most so many runs at a time on all nodes together. Default: no limit. */
  globalConcurrency?: number;
}

export type { EmbeddedOptions };
export type { RedisAddress, RedisStoreOptions } from '../store/redis/connection/redis-options.js';

export type StoreOptions =
  { type: 'memory' } | ({ type: 'embedded' } & EmbeddedOptions) | ({ type: 'redis' } & RedisStoreOptions);

/** What is kept of one outcome. */
export interface HistoryOptions {
  /** Finished executions kept, the newest; a workflow counts as one, with all its executions. Default 1000. */
  count?: number;
  /** Default: any age. */
  age?: Duration;
  /** Bytes of payload and result kept. Default: no bound. */
  bytes?: number;
}

/** What is kept of each outcome, where they differ: of a workflow, by its own outcome. */
export interface HistoryByOutcome {
  completed?: number | HistoryOptions;
  failed?: number | HistoryOptions;
  cancelled?: number | HistoryOptions;
  skipped?: number | HistoryOptions;
}

/** What SchedulerModule.forRoot takes; all of it has defaults. */
export interface SchedulerOptions {
  /**
   * Where the state is: 'memory' lives and dies with the process; 'embedded' is a file of this process, and outlives it;
   * 'redis' is shared by all nodes that name the same server and namespace. The last two need a package of their own,
   * @photostructure/sqlite and ioredis. Default 'memory'.
   */
  store?: StoreOptions['type'] | StoreOptions;
  /** Keeps schedulers that share a store apart. Default 'default'. */
  namespace?: string;
  /** Names the app whose code declares tasks and schedules. Default 'app'. */
  appName?: string;
  /** Of the app: a lower one never overwrites a higher one's definitions. Default '0.0.0'. */
  version?: string;
  /** Runs at a time in this process, 1 to 10000. Default 10. */
  maxConcurrentTasks?: number;
  /** The queues served here: names, or names with rules. Default: those that this process's tasks name. */
  queues?: readonly string[] | Readonly<Record<string, QueueOptions>>;
  /** producer: schedules only. worker, both: runs handlers too. Default 'both'. */
  role?: 'producer' | 'worker' | 'both';
  /**
   * What is kept of finished executions and workflows, of each outcome by itself, so that failures outlive successes; a
   * number is a count.
   */
  history?: number | HistoryOptions | HistoryByOutcome;
  /** How long a worker may be silent before its runs are brought back: 1 s to 10 min. Default '15s'. */
  lease?: Duration;
  /** Bound of an attempt without a timeout of its own. Default '1h'. */
  maxAttemptDuration?: Duration;
  /** How long a handler may go on after its signal was aborted by timeout or cancel. Default '10s'. */
  abortGrace?: Duration;
  /** A graceful stop: how long runs may end by themselves, and then how long after their abort. Default 25 s and 2 s. */
  shutdown?: { drain?: Duration; grace?: Duration };
  /** Below this % of successes within the window (default the last 60 min) health is degraded. Default 90. */
  health?: { threshold?: number; window?: Duration };
  /**
   * Keys whose values are secret, beside password, token, secret, apiKey and their like. Whatever a payload has under
   * such a key stands in no error, log line or progress note of its execution. Case, `-` and `_` are of no account.
   */
  redact?: readonly string[];
  /** Whether the app's global guards, interceptors, pipes and filters apply to handlers. Default false. */
  applyGlobal?: boolean;
  /** Whether work begins when the app has started. Default true. */
  autoStart?: boolean;
  /** The source of time. Default: the machine's. */
  clock?: Clock;
}

export interface SchedulerModuleOptions extends SchedulerOptions {
  /** Tells several schedulers of one app apart; injected by @InjectScheduler(name). Default: the one without a name. */
  name?: string;
  /** Whether its exports are seen by every module. Default true. */
  isGlobal?: boolean;
}

/** Makes the options, where forRootAsync is given a class. */
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
