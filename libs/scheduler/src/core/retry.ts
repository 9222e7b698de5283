import type { Duration } from './duration.js';

/** How the delay before a retry grows. */
export const RetryStrategy = { EXPONENTIAL: 'EXPONENTIAL', LINEAR: 'LINEAR', FIXED: 'FIXED', NONE: 'NONE' } as const;
export type RetryStrategy = (typeof RetryStrategy)[keyof typeof RetryStrategy];

/** Automatic retry of a failed task. Without a retryConfig there is no retry. */
export interface RetryConfig {
  /** Default EXPONENTIAL. */
  strategy?: RetryStrategy;
  /** All runs, including the first: 1 to 1000. Default 3. */
  maxAttempts?: number;
  /** Delay before the first retry. Default '60s', or maxDelay if that is shorter. */
  initialDelay?: Duration;
  /** Maximum delay, including jitter. Default '1h', or initialDelay if that is longer. */
  maxDelay?: Duration;
  /** Growth of EXPONENTIAL: initialDelay * backoffMultiplier^n. 1 to 100. Default 2. */
  backoffMultiplier?: number;
  /** true: the delay ±20 %. 'full': a random value from 0 to the delay. false: none. Default true. */
  jitter?: boolean | 'full';
  /**
   * Decides on the worker whether an error is retried. A promise is awaited for at most 10 s. If it throws, rejects or
   * takes longer, the error is not retried. Default: every error is retried.
   */
  retryIf?: (error: unknown, attempt: number) => boolean | Promise<boolean>;
}

/** A RetryConfig with its defaults filled in, durations in ms. */
export interface ResolvedRetry {
  strategy: RetryStrategy;
  maxAttempts: number;
  initialDelay: number;
  maxDelay: number;
  backoffMultiplier: number;
  jitter: boolean | 'full';
  retryIf: ((error: unknown, attempt: number) => boolean | Promise<boolean>) | null;
}
