import { expect, it } from '@jest/globals';
import { DEPENDENCY_TYPES } from '../core/dependency.js';
import { isTerminal, TaskStatus } from '../core/status.js';
import { holds } from './dependency.js';

it('an edge is satisfied by the outcomes of its type', () => {
  const ends = Object.values(TaskStatus).filter(isTerminal);
  const holding = Object.fromEntries(DEPENDENCY_TYPES.map((type) => [type, ends.filter((end) => holds(type, end))]));
  expect(holding).toEqual({
    completion: ['COMPLETED', 'FAILED'],
    success: ['COMPLETED'],
    failure: ['FAILED'],
    always: ['COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'],
  });
});
