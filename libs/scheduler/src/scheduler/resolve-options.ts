import { SystemClock, type Clock } from '../core/clock.js';
import { checkOptionNames } from '../core/check-options.js';
import { parseDuration } from '../core/duration.js';
import { InvalidOptionError } from '../core/errors.js';
import { isPlainObject } from '../core/json.js';
import { checkName } from '../core/names.js';
import { parsePriority, PRIORITY_NAMES } from '../core/priority.js';
import { Redaction } from '../core/redaction.js';
import { resolveEmbeddedOptions, type EmbeddedOptions } from '../store/embedded/embedded-options.js';
import type { HistorySettings } from '../store/history-settings.js';
import type { QueueRules } from '../store/records.js';
import { resolveRedisOptions, type ResolvedRedisOptions } from '../store/redis/connection/redis-options.js';
import type { QueueSettings } from '../worker/worker-settings.js';
import type { QueueOptions, SchedulerOptions } from './options.js';
import { resolveHistory } from './resolve-history.js';

/** Checked SchedulerOptions, with defaults filled in and durations in ms. */
export interface ResolvedOptions {
  store:
    | { type: 'memory' }
    | ({ type: 'embedded' } & Required<EmbeddedOptions>)
    | { type: 'redis'; connection: ResolvedRedisOptions };
  namespace: string;
  appName: string;
  version: string;
  maxConcurrentTasks: number;
  /** null: the queues of this process's tasks. */
  queues: ReadonlyMap<string, QueueSettings> | null;
  queueRules: ReadonlyMap<string, QueueRules>;
  role: 'producer' | 'worker' | 'both';
  history: HistorySettings;
  lease: number;
  maxAttemptDuration: number;
  abortGrace: number;
  drain: number;
  drainGrace: number;
  health: { threshold: number; window: number };
  redaction: Redaction;
  applyGlobal: boolean;
  autoStart: boolean;
  clock: Clock;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The fields of SchedulerOptions. */
export const OPTION_NAMES = [
  'store',
  'namespace',
  'appName',
  'version',
  'maxConcurrentTasks',
  'queues',
  'role',
  'history',
  'lease',
  'maxAttemptDuration',
  'abortGrace',
  'shutdown',
  'health',
  'redact',
  'applyGlobal',
  'autoStart',
  'clock',
];
const NAMES = new Set(OPTION_NAMES);

/** @throws InvalidOptionError, InvalidDurationError or InvalidNameError, with the option */
export function resolveOptions(options: SchedulerOptions): ResolvedOptions {
  checkNames(options);
  if (options.shutdown !== undefined) checkOptionNames(options.shutdown, ['drain', 'grace'], 'shutdown');
  if (options.health !== undefined) checkOptionNames(options.health, ['threshold', 'window'], 'health');
  const maxConcurrentTasks = integer(options.maxConcurrentTasks ?? 10, 'maxConcurrentTasks', 1, 10_000);
  const namespace = checkName(options.namespace ?? 'default', 'namespace');
  const queues = resolveQueues(options.queues, maxConcurrentTasks);
  return {
    store: checkStore(options.store, namespace),
    namespace,
    appName: checkName(options.appName ?? 'app', 'appName'),
    version: text(options.version ?? '0.0.0', 'version'),
    maxConcurrentTasks,
    queues: queues && new Map([...queues].map(([name, { settings }]) => [name, settings])),
    queueRules: new Map([...(queues ?? [])].map(([name, { rules }]) => [name, rules])),
    role: oneOf(options.role ?? 'both', 'role', ['producer', 'worker', 'both']),
    history: resolveHistory(options.history ?? {}),
    lease: parseDuration(options.lease ?? '15s', 'lease', { min: 1000, max: 10 * MINUTE }),
    maxAttemptDuration: parseDuration(options.maxAttemptDuration ?? '1h', 'maxAttemptDuration', {
      min: 1000,
      max: 30 * 24 * HOUR,
    }),
    abortGrace: parseDuration(options.abortGrace ?? '10s', 'abortGrace', { max: HOUR }),
    drain: parseDuration(options.shutdown?.drain ?? '25s', 'shutdown.drain', { max: HOUR }),
    drainGrace: parseDuration(options.shutdown?.grace ?? '2s', 'shutdown.grace', { max: HOUR }),
    health: {
      threshold: percent(options.health?.threshold ?? 90),
      window: parseDuration(options.health?.window ?? '1h', 'health.window', { min: MINUTE, max: HOUR }),
    },
    redaction: new Redaction(keys(options.redact ?? [])),
    applyGlobal: flag(options.applyGlobal ?? false, 'applyGlobal'),
    autoStart: flag(options.autoStart ?? true, 'autoStart'),
    clock: checkClock(options.clock ?? new SystemClock()),
  };
}

function checkClock(clock: Clock): Clock {
  const { now, monotonic, setTimer, setRepeating } = clock as Partial<Clock>;
  if ([now, monotonic, setTimer, setRepeating].every((method) => typeof method === 'function')) return clock;
  throw new InvalidOptionError('clock', clock, 'an object with now, monotonic, setTimer and setRepeating');
}

function keys(redact: unknown): readonly string[] {
  if (!Array.isArray(redact) || !redact.every((key) => typeof key === 'string' && key !== ''))
    throw new InvalidOptionError('redact', redact, 'a list of keys');
  return redact as string[];
}

function checkNames(options: unknown): void {
  if (!isPlainObject(options)) throw new InvalidOptionError('options', options, 'an object');
  for (const [key, value] of Object.entries(options)) {
    if (!NAMES.has(key)) throw new InvalidOptionError(key, value, `only ${[...NAMES].join(', ')} are options`);
  }
}

function checkStore(store: SchedulerOptions['store'] = 'memory', namespace: string): ResolvedOptions['store'] {
  const given = typeof store === 'object' && store !== null ? store : { type: store };
  oneOf(given.type, 'store', ['memory', 'embedded', 'redis']);
  switch (given.type) {
    case 'memory':
      checkOptionNames(given, ['type'], 'store');
      return { type: 'memory' };
    case 'embedded': {
      const { type, ...options } = given;
      return { type, ...resolveEmbeddedOptions(options, namespace) };
    }
    case 'redis': {
      const { type, ...options } = given;
      return { type, connection: resolveRedisOptions(options) };
    }
  }
}

function resolveQueues(
  queues: SchedulerOptions['queues'],
  max: number,
): Map<string, { settings: QueueSettings; rules: QueueRules }> | null {
  if (queues === undefined) return null;
  if (typeof queues !== 'object' || queues === null)
    throw new InvalidOptionError('queues', queues, 'a list of names, or an object of names with rules');
  const entries: [string, QueueOptions][] = Array.isArray(queues)
    ? queues.map((name: string) => [name, {}])
    : Object.entries(queues);
  if (entries.length === 0) throw new InvalidOptionError('queues', queues, 'at least one queue, or no `queues` at all');
  return new Map(
    entries.map(([name, options]) => [checkName(name, 'queues'), resolveQueue(`queues.${name}`, options, max)]),
  );
}

function resolveQueue(
  path: string,
  options: QueueOptions,
  max: number,
): { settings: QueueSettings; rules: QueueRules } {
  checkOptionNames(options, ['concurrency', 'reserve', 'rateLimit', 'globalConcurrency'], path);
  if (options.rateLimit !== undefined) checkOptionNames(options.rateLimit, ['max', 'per'], `${path}.rateLimit`);
  if (options.reserve !== undefined) checkOptionNames(options.reserve, PRIORITY_NAMES, `${path}.reserve`);
  return queueOf(path, options, max);
}

function queueOf(
  path: string,
  { concurrency, reserve = {}, rateLimit, globalConcurrency }: QueueOptions,
  max: number,
): { settings: QueueSettings; rules: QueueRules } {
  const slots = Object.entries(reserve).map(([level, count]) => ({
    priority: parsePriority(level, `${path}.reserve`),
    slots: integer(count, `${path}.reserve.${level}`, 0, max),
  }));
  return {
    settings: {
      concurrency: concurrency === undefined ? null : integer(concurrency, `${path}.concurrency`, 1, 10_000),
      reserve: slots,
    },
    rules: {
      rateLimit: rateLimit
        ? {
            max: integer(rateLimit.max, `${path}.rateLimit.max`, 1, 1_000_000),
            per: parseDuration(rateLimit.per, `${path}.rateLimit.per`, { min: 1, max: 24 * HOUR }),
          }
        : null,
      concurrency:
        globalConcurrency === undefined ? null : integer(globalConcurrency, `${path}.globalConcurrency`, 1, 1_000_000),
    },
  };
}

function integer(value: unknown, field: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw new InvalidOptionError(field, value, `a whole number, ${min} to ${max}`);
  return value;
}

function percent(value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 100))
    throw new InvalidOptionError('health.threshold', value, '0 to 100 (%)');
  return value;
}

function flag(value: unknown, field: string): boolean {
  if (typeof value !== 'boolean') throw new InvalidOptionError(field, value, 'true or false');
  return value;
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > 128)
    throw new InvalidOptionError(field, value, '1 to 128 characters');
  return value;
}

function oneOf<const T extends string>(value: unknown, field: string, allowed: readonly T[]): T {
  if (!allowed.includes(value as T))
    throw new InvalidOptionError(field, value, allowed.map((each) => `'${each}'`).join(', '));
  return value as T;
}
