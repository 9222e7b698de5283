import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assignAtLeastCost, FORBIDDEN } from './assignment.js';

/** The least cost by trying every way to give each row a column of its own. */
function leastCostByTrying(costs: number[][], row = 0, taken = new Set<number>()): number {
  if (row === costs.length) return 0;
  let least = Infinity;
  costs[row]!.forEach((cost, column) => {
    if (taken.has(column) || cost >= FORBIDDEN) return;
    const rest = leastCostByTrying(costs, row + 1, new Set([...taken, column]));
    least = Math.min(least, cost + rest);
  });
  return least;
}

const matrix = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 2 })).chain(([rows, spare]) => {
  const cell = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: -20, max: 20 }) },
    { weight: 1, arbitrary: fc.constant(FORBIDDEN) },
  );
  return fc.array(fc.array(cell, { minLength: rows + spare, maxLength: rows + spare }), {
    minLength: rows,
    maxLength: rows,
  });
});

describe('assignAtLeastCost', () => {
  it('has the minimum cost, and finds none only if none exists', () => {
    fc.assert(
      fc.property(matrix, (costs) => {
        const columns = assignAtLeastCost(costs);
        const least = leastCostByTrying(costs);
        if (!columns) return expect(least).toBe(Infinity);
        expect(new Set(columns).size).toBe(costs.length);
        expect(columns.reduce((total, column, row) => total + costs[row]![column]!, 0)).toBe(least);
      }),
      { numRuns: 400 },
    );
  });

  it('returns null for more rows than columns', () => {
    expect(assignAtLeastCost([[1], [1]])).toBeNull();
  });
});
