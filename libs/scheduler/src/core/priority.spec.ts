import { describe, expect, it } from '@jest/globals';
import { InvalidPriorityError } from './errors.js';
import { parsePriority, PRIORITIES, PRIORITY_NAMES, priorityName, TaskPriority } from './priority.js';

describe('priority', () => {
  it('has five levels, 0 first, each with its name', () => {
    expect(PRIORITY_NAMES.map((name) => TaskPriority[name])).toEqual([...PRIORITIES]);
    expect(PRIORITIES.map(priorityName)).toEqual(['CRITICAL', 'HIGH', 'NORMAL', 'LOW', 'BACKGROUND']);
  });

  it('accepts numbers and names', () => {
    for (const level of PRIORITIES) {
      expect(parsePriority(level)).toBe(level);
      expect(parsePriority(priorityName(level))).toBe(level);
    }
    expect(Object.is(parsePriority(-0), 0)).toBe(true);
  });

  it.each([
    -1,
    5,
    1.5,
    2 ** 53,
    Number.NaN,
    '5',
    '0',
    'high',
    '',
    '__proto__',
    'toString',
    'length',
    null,
    undefined,
    [0],
    {},
    true,
  ])('refuses %p', (value) => {
    expect(() => parsePriority(value, 'tasks[0].priority')).toThrow(InvalidPriorityError);
    expect(() => parsePriority(value, 'tasks[0].priority')).toThrow(
      /^tasks\[0\]\.priority: .*allowed: 0 to 4, or CRITICAL/,
    );
  });
});
