import { expect, it } from '@jest/globals';
import { StoreUnavailableError } from 'nestjs-advanced-scheduler';
import { StoreFailure } from './store-failure.js';

const unavailable = new StoreUnavailableError('the reason');

it.each([
  ['STORE_PATH', './data/scheduler.db', './data/scheduler.db'],
  ['REDIS_URL', 'redis://user:secret@server:6379', 'redis://***@server:6379'],
] as const)('names the variable %s of the store in use', (variable, value, shown) => {
  const failure = new StoreFailure(variable, value, unavailable);
  expect(failure.message).toBe(`${variable}: "${shown}" cannot be used: ${unavailable.message} (STORE_UNAVAILABLE)`);
  expect(failure.exitCode).toBe(69);
});
