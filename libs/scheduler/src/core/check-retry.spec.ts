import { describe, expect, it } from '@jest/globals';
import { checkRetryConfig } from './check-retry.js';
import { InvalidDurationError, InvalidRetryConfigError } from './errors.js';

describe('checkRetryConfig', () => {
  it('fills in the defaults', () => {
    expect(checkRetryConfig({})).toEqual({
      strategy: 'EXPONENTIAL',
      maxAttempts: 3,
      initialDelay: 60_000,
      maxDelay: 3_600_000,
      backoffMultiplier: 2,
      jitter: true,
      retryIf: null,
    });
  });

  it('keeps the given values, and accepts its own result', () => {
    const config = {
      strategy: 'LINEAR',
      maxAttempts: 1000,
      initialDelay: '2s',
      maxDelay: '2s',
      backoffMultiplier: 1,
      jitter: 'full',
      retryIf: () => true,
    };
    const resolved = checkRetryConfig(config);
    expect(resolved).toEqual({ ...config, initialDelay: 2000, maxDelay: 2000 });
    expect(checkRetryConfig(resolved)).toEqual(resolved);
    expect(checkRetryConfig(checkRetryConfig({}))).toEqual(checkRetryConfig({}));
  });

  it('adapts the default of one delay to the other', () => {
    expect(checkRetryConfig({ initialDelay: '3h' }).maxDelay).toBe(3 * 3_600_000);
    expect(checkRetryConfig({ maxDelay: '10s' }).initialDelay).toBe(10_000);
    expect(checkRetryConfig({ maxDelay: '2m' }).initialDelay).toBe(60_000);
  });

  it.each([
    [{ maxAttempts: 0 }, 'retryConfig.maxAttempts: 0 is not allowed; allowed: a whole number from 1 to 1000'],
    [{ maxAttempts: -1 }, 'retryConfig.maxAttempts: -1'],
    [{ maxAttempts: 1e9 }, 'retryConfig.maxAttempts: 1000000000'],
    [{ maxAttempts: 1.5 }, 'retryConfig.maxAttempts: 1.5'],
    [{ maxAttempts: '3' }, 'retryConfig.maxAttempts: "3"'],
    [{ maxAttempts: Number.NaN }, 'retryConfig.maxAttempts: NaN'],
    [{ maxAttempts: null }, 'retryConfig.maxAttempts: null'],
    [{ backoffMultiplier: 0.5 }, 'retryConfig.backoffMultiplier: 0.5 is not allowed; allowed: a number from 1 to 100'],
    [{ backoffMultiplier: 101 }, 'retryConfig.backoffMultiplier: 101'],
    [{ backoffMultiplier: Infinity }, 'retryConfig.backoffMultiplier: Infinity'],
    [{ strategy: 'CHAOS' }, 'retryConfig.strategy: "CHAOS" is not allowed; allowed: EXPONENTIAL, LINEAR, FIXED, NONE'],
    [{ strategy: 'exponential' }, 'retryConfig.strategy: "exponential"'],
    [{ jitter: 'half' }, 'retryConfig.jitter: "half" is not allowed; allowed: true, false or \'full\''],
    [{ jitter: 0.2 }, 'retryConfig.jitter: 0.2'],
    [{ retryIf: true }, 'retryConfig.retryIf: true is not allowed; allowed: a function'],
    [
      { initialDelay: '2h', maxDelay: '1h' },
      'retryConfig.initialDelay: "2h" is not allowed; allowed: at most maxDelay, which is 3600000 ms',
    ],
    [{ attempts: 3 }, 'retryConfig.attempts: 3 is not allowed; allowed: only an object with the fields strategy'],
    [[], 'retryConfig: an array is not allowed'],
    [3, 'retryConfig: 3 is not allowed'],
  ])('refuses %j', (config, message) => {
    expect(() => checkRetryConfig(config)).toThrow(InvalidRetryConfigError);
    expect(() => checkRetryConfig(config)).toThrow(message);
  });

  it.each(['initialDelay', 'maxDelay'])('refuses a %s that is no duration', (key) => {
    for (const value of [-1, 'soon', null, Number.NaN]) {
      expect(() => checkRetryConfig({ [key]: value })).toThrow(InvalidDurationError);
      expect(() => checkRetryConfig({ [key]: value })).toThrow(`retryConfig.${key}: `);
    }
  });
});
