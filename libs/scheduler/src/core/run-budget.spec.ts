import { expect, it } from '@jest/globals';
import { checkTaskDefinition } from './check-definition.js';
import { allowanceOf, budgetOf } from './run-budget.js';
import type { RetryConfig } from './retry.js';

const task = (retryConfig?: RetryConfig, maxSnoozes?: number) =>
  checkTaskDefinition({ taskId: 't', funcPath: 't', retryConfig, maxSnoozes });

it.each<[RetryConfig | undefined, number | undefined, string]>([
  [undefined, undefined, ''],
  [undefined, 7, '-,7'],
  [{}, undefined, 'E,3,60000,3600000,2,1,100'],
  [{ strategy: 'LINEAR', jitter: 'full', backoffMultiplier: 1.5 }, 0, 'L,3,60000,3600000,1.5,f,0'],
  [{ strategy: 'NONE', jitter: false }, 5, 'N,3,60000,3600000,2,0,5'],
])('a budget contains all of the retry limits: %j', (retryConfig, maxSnoozes, text) => {
  const given = task(retryConfig, maxSnoozes);
  expect(budgetOf(given)).toBe(text);
  expect(allowanceOf(text, undefined)).toEqual({ retry: given.retry, maxSnoozes: given.maxSnoozes });
});

it('without a readable budget, the current task definition applies', () => {
  const today = task({ maxAttempts: 9, retryIf: () => true }, 4);
  for (const budget of [null, 'Z,1,2,3,4,1,5', 'E,x,1,1,1,1,1', 'E,3'])
    expect(allowanceOf(budget, today)).toEqual({ retry: today.retry, maxSnoozes: 4 });
  expect(allowanceOf(null, undefined)).toEqual({ retry: null, maxSnoozes: 100 });
  expect(allowanceOf('E,3,60000,3600000,2,1,100', today).retry!.retryIf).toBe(today.retry!.retryIf);
});
