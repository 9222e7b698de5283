import { Injectable } from '@nestjs/common';
import { checkRetryConfig } from '../core/check-retry.js';
import { parseDuration } from '../core/duration.js';
import { InvalidOptionError, InvalidRetryConfigError, NonRetryableError, RetryLaterError } from '../core/errors.js';
import { DEFAULT_SNOOZES } from '../core/limits.js';
import { type ResolvedRetry, type RetryConfig, RetryStrategy } from '../core/retry.js';
import type { Reason } from '../core/status.js';

/** The input of a retry decision about a failed run. */
export interface FailedRun {
  /** null: no retryConfig. */
  retry: ResolvedRetry | null;
  /** Failed runs including this one; counted against maxAttempts. */
  failures: number;
  /** Runs that ended by RetryLaterError, excluding this one; counted against maxSnoozes. Default 0. */
  snoozes?: number;
  /** Default 100. */
  maxSnoozes?: number;
  /** What the handler threw. */
  error: unknown;
  /** Number of this run, from 1; given to retryIf. */
  attempt: number;
}

/** What follows a failed run: another run after `delay` ms, or the end with a reason. */
export type RetryDecision =
  | { kind: 'retry'; delay: number }
  /** Postponed by RetryLaterError, without using an attempt. */
  | { kind: 'snooze'; delay: number }
  | {
      kind: 'fail';
      reason: Extract<Reason, 'NON_RETRYABLE' | 'RETRIES_EXHAUSTED' | 'HANDLER_FAILED' | 'SNOOZES_EXHAUSTED'>;
    };

/** The delay of a RetryLaterError without a valid one, if there is no retryConfig. */
const DEFAULT_RETRY = checkRetryConfig({});

type FailReason = (RetryDecision & { kind: 'fail' })['reason'];

/** Decides whether and when a failed task runs again. Pure: no clock, no state; randomness is an argument. */
@Injectable()
export class TaskRetryManager {
  /**
   * Whether another run follows.
   * @param retryConfig null or undefined: no retry
   * @param attempt number of failed runs, including the last
   * @param error of the last run: NonRetryableError and retryIf can end it; after RetryLaterError another run always
   * follows, since it uses no attempt
   * @throws InvalidRetryConfigError for an invalid config or a retryIf that returns a promise, InvalidOptionError for
   * an invalid attempt
   */
  shouldRetry(retryConfig: RetryConfig | ResolvedRetry | null | undefined, attempt: number, error?: unknown): boolean {
    checkCount(attempt, 'attempt');
    const retry = retryConfig ? checkRetryConfig(retryConfig) : null;
    const run: FailedRun = { retry, failures: attempt, error, attempt };
    const worth = isWorthIt(run);
    if (typeof worth !== 'boolean')
      throw new InvalidRetryConfigError(
        'retryConfig.retryIf',
        worth,
        'a function that returns a boolean, not a promise',
      );
    return refusal(run, worth) === null;
  }

  /**
   * The delay before retry `retryNumber`, in whole ms: FIXED i, LINEAR i * (n + 1), EXPONENTIAL i * m^n; capped at
   * maxDelay, then jittered, and still never above maxDelay. NONE: 0.
   * @param retryNumber 0 for the first retry
   * @param random returns a number from 0 up to 1, like Math.random
   * @throws InvalidRetryConfigError for an invalid config, InvalidOptionError for an invalid retryNumber or random
   */
  calculateDelay(retryConfig: RetryConfig | ResolvedRetry, retryNumber: number, random = Math.random): number {
    checkCount(retryNumber, 'retryNumber');
    if (typeof random !== 'function')
      throw new InvalidOptionError('random', random, 'a function that returns a number from 0 up to 1');
    return delayOf(checkRetryConfig(retryConfig), retryNumber, random);
  }

  /**
   * Decides what follows a failed run. Never throws, whatever the handler threw and retryIf does.
   * @returns a promise if retryIf returns one; it never rejects, and takes as long as retryIf does
   * @throws InvalidOptionError if `run` is no failed run
   */
  decide(run: FailedRun, random = Math.random): RetryDecision | Promise<RetryDecision> {
    checkRun(run);
    const worth = isWorthIt(run);
    return typeof worth === 'boolean' ? decision(run, worth, random) : worth.then((is) => decision(run, is, random));
  }
}

function decision(run: FailedRun, isWorth: boolean, random: () => number): RetryDecision {
  const reason = refusal(run, isWorth);
  if (reason !== null) return { kind: 'fail', reason };
  const retry = run.retry ?? DEFAULT_RETRY;
  if (!isRetryLater(run.error)) return { kind: 'retry', delay: delayOf(retry, run.failures - 1, random) };
  return { kind: 'snooze', delay: chosenDelay(run.error) ?? delayOf(retry, run.failures - 1, random) };
}

/** Why no further run follows, or null if one does. */
function refusal(run: FailedRun, isWorth: boolean): FailReason | null {
  const { retry, failures, error, snoozes = 0, maxSnoozes = DEFAULT_SNOOZES } = run;
  if (isKind(error, NonRetryableError, 'NON_RETRYABLE')) return 'NON_RETRYABLE';
  if (isRetryLater(error)) return snoozes >= maxSnoozes ? 'SNOOZES_EXHAUSTED' : null;
  if (retry === null || retry.strategy === RetryStrategy.NONE) return 'HANDLER_FAILED';
  if (!isWorth) return 'NON_RETRYABLE';
  return failures >= retry.maxAttempts ? 'RETRIES_EXHAUSTED' : null;
}

/** The result of retryIf, if there is one. If retryIf fails, the error is not retried. */
function isWorthIt({ retry, error, attempt }: FailedRun): boolean | Promise<boolean> {
  if (retry === null || retry.retryIf === null || isRetryLater(error)) return true;
  if (isKind(error, NonRetryableError, 'NON_RETRYABLE')) return false;
  try {
    const answer: unknown = retry.retryIf(error, attempt);
    if (typeof answer !== 'object' || answer === null) return Boolean(answer);
    if (typeof (answer as { then?: unknown }).then !== 'function') return true;
    return Promise.resolve(answer).then(Boolean, () => false);
  } catch {
    return false;
  }
}

function delayOf(retry: ResolvedRetry, n: number, random: () => number): number {
  const base = Math.min(growth(retry, n), retry.maxDelay);
  if (retry.jitter === false) return Math.round(base);
  const factor = retry.jitter === 'full' ? random() : 0.8 + 0.4 * random();
  return Math.min(Math.round(base * factor), retry.maxDelay);
}

function growth({ strategy, initialDelay, backoffMultiplier }: ResolvedRetry, n: number): number {
  // Nothing grows from 0; a special case because 0 * Infinity is NaN.
  if (initialDelay === 0) return 0;
  switch (strategy) {
    case RetryStrategy.NONE:
      return 0;
    case RetryStrategy.FIXED:
      return initialDelay;
    case RetryStrategy.LINEAR:
      return initialDelay * (n + 1);
    case RetryStrategy.EXPONENTIAL:
      return initialDelay * backoffMultiplier ** n;
  }
}

/** The delay of a RetryLaterError; undefined for another error or an invalid delay. */
function chosenDelay(error: unknown): number | undefined {
  if (!isRetryLater(error)) return undefined;
  try {
    return parseDuration((error as RetryLaterError).delay, 'delay', { bareSeconds: 'accept' });
  } catch {
    // The handler wants another run, with an invalid delay: a retry is closer to that than an end.
    return undefined;
  }
}

function isRetryLater(error: unknown): boolean {
  return isKind(error, RetryLaterError, 'RETRY_LATER');
}

/** Compares class, code or name, since the handler may use another copy of this package. */
function isKind(error: unknown, Class: abstract new (...args: never[]) => Error, code: string): boolean {
  if (typeof error !== 'object' || error === null) return false;
  try {
    const { code: itsCode, name } = error as { code?: unknown; name?: unknown };
    return error instanceof Class || itsCode === code || name === Class.name;
  } catch {
    return false;
  }
}

function checkRun(run: unknown): void {
  const { retry, failures } = (run ?? {}) as Partial<FailedRun>;
  if (typeof retry !== 'object')
    throw new InvalidOptionError('run', run, 'an object with retry (or null) and failures');
  checkCount(failures!, 'failures');
}

function checkCount(value: number, field: string): void {
  if (!Number.isInteger(value) || value < 0) throw new InvalidOptionError(field, value, 'a whole number from 0');
}
