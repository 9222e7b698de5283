import type { Duration } from './duration.js';

/** How the delay before a retry grows. */
export const RetryStrategy = { EXPONENTIAL: 'EXPONENTIAL', LINEAR: 'LINEAR', FIXED: 'FIXED', NONE: 'NONE' } as const;
export type RetryStrategy = (typeof RetryStrategy)[keyof typeof RetryStrategy];

/** Automatic retry of a failed task. No retryConfig means no retry. */
export interface RetryConfig {
  /** Default EXPONENTIAL. */
  strategy?: RetryStrategy;
  /** All runs, the first included: 1 to 1000. Default 3. */
  maxAttempts?: number;
  /** Delay before the first retry. Default '60s', or maxDelay where that is shorter. */
  initialDelay?: Duration;
  /** No delay is longer, jitter included. Default '1h', or initialDelay where that is longer. */
  maxDelay?: Duration;
  /** Growth of EXPONENTIAL: initialDelay * backoffMultiplier^n. 1 to 100. Default 2. */
  backoffMultiplier?: number;
  /** true: the delay ±20 %. 'full': anything from 0 to the delay. false: none. Default true. */
  jitter?: boolean | 'full';
  /**
   * Decides on the worker whether this error is worth a retry; a promise is awaited for 10 s at most. Where it throws,
   * rejects or takes longer, the error is not. Default: every error is.
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
