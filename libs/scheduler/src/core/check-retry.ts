import { checkShape, type Refuse } from './check-shape.js';
import { parseDuration } from './duration.js';
import { InvalidRetryConfigError } from './errors.js';
import { type ResolvedRetry, RetryStrategy } from './retry.js';
import { Allow, Holds, isWhole, Optional } from './validators.js';

const DEFAULT_DELAY = 60_000;
const DEFAULT_MAX_DELAY = 3_600_000;
const STRATEGIES: readonly unknown[] = Object.values(RetryStrategy);
const JITTERS: readonly unknown[] = [true, false, 'full'];

const refuse: Refuse = (field, found, allowed) => new InvalidRetryConfigError(field, found, allowed);

class RetryShape {
  @Optional()
  @Holds((strategy) => STRATEGIES.includes(strategy), STRATEGIES.join(', '))
  strategy?: RetryStrategy;

  @Optional()
  @Holds((count) => isWhole(count, 1, 1000), 'a whole number from 1 to 1000 (all runs, including the first)')
  maxAttempts?: number;

  @Allow()
  initialDelay?: unknown;

  @Allow()
  maxDelay?: unknown;

  @Optional()
  @Holds((factor) => typeof factor === 'number' && factor >= 1 && factor <= 100, 'a number from 1 to 100')
  backoffMultiplier?: number;

  @Optional()
  @Holds((jitter) => JITTERS.includes(jitter), "true, false or 'full'")
  jitter?: boolean | 'full';

  /** `null`, of a ResolvedRetry that is checked again, is none. */
  @Optional()
  @Holds((value) => value === null || typeof value === 'function', 'a function (error, attempt) => boolean')
  retryIf?: ResolvedRetry['retryIf'];
}

/**
 * Checks a RetryConfig and fills in its defaults. If only one of the two delays is given, the default of the other
 * adapts: initialDelay shrinks to maxDelay, maxDelay grows to initialDelay.
 * @param path of the config, for messages
 * @param warn called once for each field whose bare number under 1000 was taken as milliseconds
 * @throws InvalidRetryConfigError for a value out of range, an initialDelay above maxDelay, an unknown field
 * @throws InvalidDurationError for an invalid delay
 */
export function checkRetryConfig(
  config: unknown,
  warn?: (message: string) => void,
  path = 'retryConfig',
): ResolvedRetry {
  const shape = checkShape(RetryShape, config, path, refuse);
  const delay = (key: 'initialDelay' | 'maxDelay') =>
    shape[key] === undefined ? undefined : parseDuration(shape[key], `${path}.${key}`, { warn });
  const initialDelay = delay('initialDelay');
  const maxDelay = delay('maxDelay');
  if (initialDelay !== undefined && maxDelay !== undefined && initialDelay > maxDelay) {
    throw refuse(`${path}.initialDelay`, shape.initialDelay, `at most maxDelay, which is ${maxDelay} ms`);
  }
  return {
    strategy: shape.strategy ?? RetryStrategy.EXPONENTIAL,
    maxAttempts: shape.maxAttempts ?? 3,
    initialDelay: initialDelay ?? Math.min(DEFAULT_DELAY, maxDelay ?? DEFAULT_DELAY),
    maxDelay: maxDelay ?? Math.max(DEFAULT_MAX_DELAY, initialDelay ?? 0),
    backoffMultiplier: shape.backoffMultiplier ?? 2,
    jitter: shape.jitter ?? true,
    retryIf: shape.retryIf ?? null,
  };
}
