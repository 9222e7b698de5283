import { Allow, IsIn, IsInt, IsNumber, IsOptional, Max, Min } from 'class-validator';
import { checkShape, Holds, Optional, type Refuse, says } from './check-shape.js';
import { parseDuration } from './duration.js';
import { InvalidRetryConfigError } from './errors.js';
import { type ResolvedRetry, RetryStrategy } from './retry.js';

const DEFAULT_DELAY = 60_000;
const DEFAULT_MAX_DELAY = 3_600_000;
const STRATEGIES = Object.values(RetryStrategy);
const ATTEMPTS = says('a whole number from 1 to 1000 (all runs, including the first)');
const MULTIPLIER = says('a number from 1 to 100');

const refuse: Refuse = (field, found, allowed) => new InvalidRetryConfigError(field, found, allowed);

class RetryShape {
  @Optional()
  @IsIn(STRATEGIES, says(STRATEGIES.join(', ')))
  strategy?: RetryStrategy;

  @Optional()
  @IsInt(ATTEMPTS)
  @Min(1, ATTEMPTS)
  @Max(1000, ATTEMPTS)
  maxAttempts?: number;

  @Allow()
  initialDelay?: unknown;

  @Allow()
  maxDelay?: unknown;

  @Optional()
  @IsNumber({}, MULTIPLIER)
  @Min(1, MULTIPLIER)
  @Max(100, MULTIPLIER)
  backoffMultiplier?: number;

  @Optional()
  @IsIn([true, false, 'full'], says("true, false or 'full'"))
  jitter?: boolean | 'full';

  // Accepts null as well: a ResolvedRetry may be checked again.
  @IsOptional()
  @Holds((value) => typeof value === 'function', 'a function (error, attempt) => boolean')
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
