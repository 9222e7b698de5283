import { expect, it } from '@jest/globals';
import { levelOf, percentile } from './fixtures/level.js';

const tolerance = { share: 0.1, besides: 5 };

it('a series that goes up and down about one value is level', () => {
  const values = Array.from({ length: 360 }, (_, i) => 100 + 20 * Math.sin(i));
  expect(levelOf(values, 1, tolerance)).toMatchObject({ isLevel: true });
});

it('a series that leaks is not, however slowly it begins', () => {
  const leaking = Array.from({ length: 360 }, (_, i) => 100 + 20 * Math.sin(i) + 0.1 * i);
  const level = levelOf(leaking, 1, tolerance);
  expect(level.isLevel).toBe(false);
  expect(level.perHour).toBeGreaterThan(30);
  expect(level.perHour).toBeLessThan(42);
});

it('one outlier makes no rise', () => {
  expect(levelOf([...Array<number>(39).fill(10), 10_000], 1, tolerance)).toMatchObject({ first: 10, last: 10 });
});

it('a series that is missing is not level', () => {
  expect(levelOf([], 1, tolerance).isLevel).toBe(false);
});

it('percentiles are values of the series', () => {
  const values = [5, 1, 4, 2, 3];
  expect([percentile(values, 0.5), percentile(values, 0.99)]).toEqual([3, 5]);
});
