import { describe, expect, it } from '@jest/globals';
import * as errors from './errors.js';
import { InvalidInputError, InvalidNameError, SchedulerError, SelfDependencyError, show } from './errors.js';

describe('show', () => {
  it.each([
    ['text', '"text"'],
    ['two\nlines', '"two\\nlines"'],
    [5n, '5n'],
    [Number.NaN, 'NaN'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('s'), 'Symbol(s)'],
    [[1], 'an array'],
    [{ a: 1 }, 'an object'],
    [() => 1, 'a function'],
  ])('%# is %s', (value, text) => expect(show(value)).toBe(text));

  it('is short and never throws', () => {
    expect(show('x'.repeat(1000))).toHaveLength(82);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(show(proxy)).toBe('object');
  });
});

describe('every error', () => {
  const classes = Object.values(errors).filter(
    (value): value is typeof SchedulerError => typeof value === 'function' && value.prototype instanceof SchedulerError,
  );

  it('is a SchedulerError with the name of its class', () => {
    expect(classes.length).toBeGreaterThan(30);
    for (const Class of classes) expect(Class.name).toMatch(/^[A-Z][A-Za-z]+Error$/);
    expect(new SelfDependencyError('a')).toMatchObject({ name: 'SelfDependencyError', code: 'SELF_DEPENDENCY' });
  });

  it('about a wrong input has the field, what was found and what is allowed', () => {
    const error = new InvalidNameError('taskId', 'a b');
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toBe('taskId: "a b" is not allowed; allowed: 1 to 128 of A-Z a-z 0-9 . _ : -');
    expect(error.details).toEqual({ field: 'taskId', found: '"a b"', allowed: '1 to 128 of A-Z a-z 0-9 . _ : -' });
  });
});
