import { describe, expect, it } from '@jest/globals';
import { ForbiddenKeyError, InvalidNameError, InvalidOptionError } from './errors.js';
import { checkKey, checkName, isName, mergeTags } from './names.js';

const LONE_SURROGATE = 'a\ud83d';
const RTL_OVERRIDE = 'a\u202eb';

describe('checkName', () => {
  it.each(['a', 'app.tasks.reports:daily-1_x', 'A'.repeat(128), 'constructor'])('accepts %p', (name) => {
    expect(checkName(name, 'taskId')).toBe(name);
    expect(isName(name)).toBe(true);
  });

  it.each([
    '',
    'A'.repeat(129),
    'a b',
    '{a}',
    'a\u0000',
    'a\n',
    'täsk',
    '🙂',
    LONE_SURROGATE,
    RTL_OVERRIDE,
    '../x',
    '"); redis.call()--',
    5,
    null,
    undefined,
    ['a'],
    {},
  ])('refuses %p', (name) => {
    expect(() => checkName(name, 'taskId')).toThrow(InvalidNameError);
    expect(() => checkName(name, 'taskId')).toThrow(/^taskId: .*allowed: 1 to 128 of A-Z a-z 0-9 \. _ : -$/);
  });

  it('refuses the one name that cannot be a key of an object', () => {
    expect(() => checkName('__proto__', 'ref')).toThrow(ForbiddenKeyError);
    expect(() => checkName('__proto__', 'ref')).toThrow("key '__proto__' is not allowed at ref");
    expect(isName('__proto__')).toBe(false);
  });
});

describe('checkKey', () => {
  it.each(['a b', 'käse/{x}', 'ann@example.org', '🙂'.repeat(256), '👩‍🚀'])('accepts %p', (key) => {
    expect(checkKey(key, 'key')).toBe(key);
  });

  it.each([
    '',
    'x'.repeat(257),
    'a\u0000b',
    'a\n',
    '\u007f',
    '\u0085',
    '\u2028',
    LONE_SURROGATE,
    RTL_OVERRIDE,
    5,
    null,
  ])('refuses %p', (key) => expect(() => checkKey(key, 'key')).toThrow(InvalidOptionError));
});

describe('mergeTags', () => {
  it('adds the given tags, each once', () => {
    expect(mergeTags(['a', 'b'], ['b', 'c', 'c'], 'tags')).toEqual(['a', 'b', 'c']);
    expect(mergeTags(['a'], [], 'tags')).toEqual(['a']);
  });

  const many = (n: number) => Array.from({ length: n }, (_, i) => `t${i}`);
  it('accepts 16 in total', () => expect(mergeTags(many(15), ['x'], 'tags')).toHaveLength(16));

  it.each([['text'], [5], [null], [['']], [[1]], [new Array(1)], [many(17)], [['x', 'y']]])('refuses %p', (given) => {
    expect(() => mergeTags(many(15), given, 'tags')).toThrow(InvalidOptionError);
    expect(() => mergeTags(many(15), given, 'tags')).toThrow('at most 16 tags');
  });
});
