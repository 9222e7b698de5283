import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { checkRetryConfig } from '../core/check-retry.js';
import {
  InvalidOptionError,
  InvalidRetryConfigError,
  NonRetryableError,
  RetryLaterError,
  TaskTimeoutError,
} from '../core/errors.js';
import { type ResolvedRetry, type RetryConfig, RetryStrategy } from '../core/retry.js';
import { type FailedRun, type RetryDecision, TaskRetryManager } from './task-retry-manager.js';

const manager = new TaskRetryManager();
const exact: RetryConfig = { initialDelay: '1s', maxDelay: '1m', jitter: false };
const delays = (config: RetryConfig, count: number) =>
  Array.from({ length: count }, (_, n) => manager.calculateDelay({ ...exact, ...config }, n));

/** Any config that checkRetryConfig could give. */
const configs: fc.Arbitrary<ResolvedRetry> = fc
  .record({
    strategy: fc.constantFrom(...Object.values(RetryStrategy)),
    maxAttempts: fc.integer({ min: 1, max: 1000 }),
    initialDelay: fc.nat(10_000_000),
    above: fc.nat(100_000_000),
    backoffMultiplier: fc.double({ min: 1, max: 100, noNaN: true }),
    jitter: fc.constantFrom(true, false, 'full' as const),
    retryIf: fc.constant(null),
  })
  .map(({ above, ...config }) => ({ ...config, maxDelay: config.initialDelay + above }));
const retryNumbers = fc.oneof(fc.nat(50), fc.constantFrom(1e6, Number.MAX_SAFE_INTEGER, 1e308, Number.MAX_VALUE));
const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('calculateDelay', () => {
  it('grows by the strategy, up to maxDelay', () => {
    expect(delays({ strategy: 'FIXED' }, 3)).toEqual([1000, 1000, 1000]);
    expect(delays({ strategy: 'LINEAR', maxDelay: '3s' }, 5)).toEqual([1000, 2000, 3000, 3000, 3000]);
    expect(delays({ strategy: 'EXPONENTIAL' }, 8)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(delays({ backoffMultiplier: 1.5 }, 3)).toEqual([1000, 1500, 2250]);
    expect(delays({ strategy: 'NONE' }, 2)).toEqual([0, 0]);
  });

  it('has the documented defaults', () => {
    expect(manager.calculateDelay({}, 2, () => 0.5)).toBe(240_000);
    expect(manager.calculateDelay({}, 20, () => 0.5)).toBe(3_600_000);
  });

  it('has a jitter of ±20 % or of the whole delay, and never exceeds maxDelay', () => {
    const at = (jitter: true | 'full', chance: number, n = 0) =>
      manager.calculateDelay({ ...exact, jitter }, n, () => chance);
    expect([at(true, 0), at(true, 0.5), at(true, 0.999_999)]).toEqual([800, 1000, 1200]);
    expect([at('full', 0), at('full', 0.5), at('full', 0.999_999)]).toEqual([0, 500, 1000]);
    expect([at(true, 0.999_999, 50), at(true, 0, 50)]).toEqual([60_000, 48_000]);
  });

  it('stays zero if it starts at zero', () => {
    expect(manager.calculateDelay({ ...exact, initialDelay: 0 }, 1e308)).toBe(0);
  });

  it('is a whole number from 0 to maxDelay, for any config, retry and random number', () => {
    fc.assert(
      fc.property(configs, retryNumbers, chances, (config, n, chance) => {
        const delay = manager.calculateDelay(config, n, () => chance);
        return Number.isInteger(delay) && delay >= 0 && delay <= config.maxDelay;
      }),
    );
  });

  it('differs from the delay without jitter by at most the jitter', () => {
    fc.assert(
      fc.property(configs, retryNumbers, chances, (config, n, chance) => {
        const plain = manager.calculateDelay({ ...config, jitter: false }, n);
        const fifth = manager.calculateDelay({ ...config, jitter: true }, n, () => chance);
        const full = manager.calculateDelay({ ...config, jitter: 'full' }, n, () => chance);
        return Math.abs(fifth - plain) <= plain * 0.2 + 1 && full <= plain + 1;
      }),
    );
  });

  it('never decreases from one retry to the next without jitter', () => {
    fc.assert(
      fc.property(configs, fc.nat(200), (config, n) => {
        const delay = (at: number) => manager.calculateDelay({ ...config, jitter: false }, at);
        return delay(n) <= delay(n + 1);
      }),
    );
  });

  it.each([-1, 1.5, Number.NaN, Infinity])('refuses %p as the number of a retry', (n) => {
    expect(() => manager.calculateDelay(exact, n)).toThrow(InvalidOptionError);
  });

  it('refuses a wrong config', () => {
    expect(() => manager.calculateDelay({ maxAttempts: 0 }, 0)).toThrow(InvalidRetryConfigError);
    expect(() => manager.calculateDelay(null as never, 0)).toThrow(InvalidRetryConfigError);
  });
});

describe('shouldRetry', () => {
  it('is true until maxAttempts runs have failed', () => {
    expect([0, 1, 2, 3, 4].map((attempt) => manager.shouldRetry({ maxAttempts: 3 }, attempt))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(manager.shouldRetry(checkRetryConfig({ maxAttempts: 2 }), 1)).toBe(true);
  });

  it('is false without a config, and with strategy NONE', () => {
    expect(manager.shouldRetry(null, 1)).toBe(false);
    expect(manager.shouldRetry(undefined, 1)).toBe(false);
    expect(manager.shouldRetry({ strategy: 'NONE' }, 1)).toBe(false);
  });

  it('checks the error', () => {
    const retryIf = (error: unknown) => error instanceof TypeError;
    expect(manager.shouldRetry({ retryIf }, 1, new TypeError('x'))).toBe(true);
    expect(manager.shouldRetry({ retryIf }, 1, new RangeError('x'))).toBe(false);
    expect(manager.shouldRetry({}, 1, new NonRetryableError('x'))).toBe(false);
    expect(manager.shouldRetry({ retryIf }, 1, new RetryLaterError('1s'))).toBe(true);
  });

  it.each([-1, 0.5, Number.NaN])('refuses %p as a count', (attempt) => {
    expect(() => manager.shouldRetry({}, attempt)).toThrow(InvalidOptionError);
  });
});

describe('decide', () => {
  const retry = checkRetryConfig(exact);
  const decide = (run: Partial<FailedRun>, random = () => 0.5) =>
    manager.decide({ retry, failures: 1, error: new Error('x'), attempt: 1, ...run }, random) as RetryDecision;

  it('retries after the delay of the failures so far', () => {
    expect([1, 2].map((failures) => decide({ failures }))).toEqual([
      { kind: 'retry', delay: 1000 },
      { kind: 'retry', delay: 2000 },
    ]);
    expect(decide({ error: new TaskTimeoutError('a', 5) })).toEqual({ kind: 'retry', delay: 1000 });
  });

  it('takes its jitter from the given random number', () => {
    expect(decide({ retry: { ...retry, jitter: 'full' } }, () => 0.25)).toEqual({ kind: 'retry', delay: 250 });
  });

  it('fails when maxAttempts runs have failed, whatever the number of the run', () => {
    expect(decide({ failures: 3, attempt: 9 })).toEqual({ kind: 'fail', reason: 'RETRIES_EXHAUSTED' });
    expect(decide({ failures: 2, attempt: 9 }).kind).toBe('retry');
    expect(decide({ retry: { ...retry, maxAttempts: 1 } })).toEqual({ kind: 'fail', reason: 'RETRIES_EXHAUSTED' });
  });

  it('fails without a config, and with strategy NONE', () => {
    expect(decide({ retry: null })).toEqual({ kind: 'fail', reason: 'HANDLER_FAILED' });
    expect(decide({ retry: { ...retry, strategy: 'NONE' } })).toEqual({ kind: 'fail', reason: 'HANDLER_FAILED' });
  });

  class CardRefused extends NonRetryableError {}
  const ForeignNonRetryable = class NonRetryableError extends Error {
    override name = 'NonRetryableError';
  };
  it.each([
    [new NonRetryableError('x')],
    [new CardRefused('x')],
    [new ForeignNonRetryable('x')],
    [{ code: 'NON_RETRYABLE', message: 'x' }],
  ])('ends at once on %#', (error) => {
    expect(decide({ error })).toEqual({ kind: 'fail', reason: 'NON_RETRYABLE' });
    expect(decide({ error, retry: null })).toEqual({ kind: 'fail', reason: 'NON_RETRYABLE' });
  });

  it('calls retryIf with the error and the number of the run', () => {
    const error = new Error('x');
    const retryIf = jest.fn(() => false);
    expect(decide({ retry: { ...retry, retryIf }, error, attempt: 7 })).toEqual({
      kind: 'fail',
      reason: 'NON_RETRYABLE',
    });
    expect(retryIf.mock.calls).toEqual([[error, 7]]);
    expect(decide({ retry: { ...retry, retryIf: () => true } }).kind).toBe('retry');
  });

  it('treats a retryIf that throws as false', () => {
    const retryIf = () => {
      throw new Error('cannot tell');
    };
    expect(decide({ retry: { ...retry, retryIf } })).toEqual({ kind: 'fail', reason: 'NON_RETRYABLE' });
  });

  it.each([
    ['10m', 600_000],
    [5, 5],
    [0, 0],
    ['2h', 7_200_000],
  ])('uses the delay of RetryLaterError(%p), also beyond maxDelay, without calling retryIf', (given, delay) => {
    const error = new RetryLaterError(given);
    expect(decide({ error, retry: { ...retry, retryIf: () => false } })).toEqual({ kind: 'snooze', delay });
    expect(decide({ error: { name: 'RetryLaterError', delay: given } })).toEqual({ kind: 'snooze', delay });
    expect(decide({ error, failures: 3 })).toEqual({ kind: 'snooze', delay });
    expect(decide({ error, retry: null })).toEqual({ kind: 'snooze', delay });
    expect(decide({ error, snoozes: 99 })).toEqual({ kind: 'snooze', delay });
    expect(decide({ error, snoozes: 100 })).toEqual({ kind: 'fail', reason: 'SNOOZES_EXHAUSTED' });
    expect(decide({ error, snoozes: 1, maxSnoozes: 1 }).kind).toBe('fail');
  });

  it.each([['soon'], [-1], [Number.NaN], [undefined as never]])(
    'uses its own delay if RetryLaterError has %p',
    (delay) => expect(decide({ error: new RetryLaterError(delay) })).toEqual({ kind: 'snooze', delay: 1000 }),
  );

  it('never throws, whatever was thrown', () => {
    const sly = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    );
    for (const error of [undefined, null, 'text', 5, Symbol('s'), sly]) expect(decide({ error }).kind).toBe('retry');
  });
});
