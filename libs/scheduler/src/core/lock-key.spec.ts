import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvalidOptionError } from './errors.js';
import { isLockKeyTemplate, renderLockKey } from './lock-key.js';

const render = (lockKey: Parameters<typeof renderLockKey>[0], payload?: unknown) =>
  renderLockKey(lockKey, 'task', payload);

describe('renderLockKey', () => {
  it.each([
    ['plain', undefined, 'plain'],
    ['{taskId}', undefined, 'task'],
    ['report:{payload.id}', { id: 7 }, 'report:7'],
    ['{payload.a.b}/{payload.a.c}', { a: { b: 'x', c: false } }, 'x/false'],
    ['{payload.items.1}', { items: ['a', 'b'] }, 'b'],
    ['{payload}', 'text', 'text'],
    ['{payload.a}', { a: '{payload.b}', b: 'not this' }, '{payload.b}'],
    ['{payload.a}', { a: '$&' }, '$&'],
    ['{payload.constructor}', { constructor: 'own' }, 'own'],
  ])('%p with %j is %p', (template, payload, key) => expect(render(template, payload)).toBe(key));

  it('gives a function a copy of the payload', () => {
    const payload = { list: [1], of: { n: 1 } };
    const key = render((given: any) => `n:${(given.of.n += 1)}:${given.list.push(2)}`, payload);
    expect([key, payload]).toEqual(['n:2:2', { list: [1], of: { n: 1 } }]);
  });

  it.each([
    ['report:{payload.id}', {}, '{payload.id}'],
    ['report:{payload.id}', undefined, '{payload.id}'],
    ['report:{payload.id}', { id: null }, '{payload.id}'],
    ['report:{payload.id}', { id: {} }, '{payload.id}'],
    ['{payload.a.b}', { a: 'text' }, '{payload.a.b}'],
    ['{payload.constructor.name}', {}, '{payload.constructor.name}'],
    ['{payload.__proto__}', {}, '{payload.__proto__}'],
    ['{payload.length}', 'text', '{payload.length}'],
    ['{tenant}', { tenant: 1 }, '{tenant}'],
    ['{payload.id}', Object.create({ id: 'inherited' }), '{payload.id}'],
  ])('%p with %j has no value for its placeholder', (template, payload, placeholder) => {
    expect(() => render(template, payload)).toThrow(InvalidOptionError);
    expect(() => render(template, payload)).toThrow(`a template whose ${placeholder} is text, a number or a boolean`);
  });

  it.each([
    ['{payload.a}:{payload.b}', ['a:b', 'c'], ['a', 'b:c']],
    ['{payload.a}:{payload.b}', ['a:b', 'c'], ['a%3Ab', 'c']],
    ['{payload.a}/{payload.b}', ['a/b', 'c'], ['a', 'b/c']],
    ['{payload.a} - {payload.b}', ['a - b', 'c'], ['a', 'b - c']],
    ['{payload.a}and{payload.b}', ['xandy', 'z'], ['x', 'yandz']],
    ['{payload.a}{payload.b}', ['a', 'bc'], ['ab', 'c']],
    ['{payload.a}{payload.b}', ['a%,b', 'c'], ['a', 'b%,c']],
    ['{payload.a}%{payload.b}', ['x', '25y%z'], ['x%y', '25z']],
    ['{payload.a}%2{payload.b}', ['x', '5'], ['x%2', '']],
    ['{payload.a}é{payload.b}', ['aéb', 'c'], ['a', 'béc']],
    ['{payload.a}😀{payload.b}', ['a😀b', 'c'], ['a', 'b😀c']],
    ['k:{taskId}:{payload.a}:{payload.b}', ['', ':x'], [':', 'x']],
  ])('%p gives %j and %j different keys', (template, [a, b], [c, d]) => {
    expect(render(template, { a, b })).not.toBe(render(template, { a: c, b: d }));
  });

  it('gives different keys for different values, whatever the template', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ':', '%', '2', '5', ',', '3', 'A'), maxLength: 5 });
    const values = fc.tuple(text, text, text);
    fc.assert(
      fc.property(text, text, values, values, (first, second, one, other) => {
        fc.pre(one.some((each, i) => each !== other[i]));
        const template = `k{payload.0}${first}{payload.1}${second}{payload.2}`;
        expect(render(template, one)).not.toBe(render(template, other));
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not escape values without separators', () => {
    expect(render('report:{payload.id}', { id: 'a:b%' })).toBe('report:a:b%');
    expect(render('{payload.a}:{payload.b}', { a: 'x/y', b: 'é z' })).toBe('x/y:é z');
    expect(render('{payload.a}:{payload.b}', { a: 'a:b', b: 'c' })).toBe('a%3Ab:c');
  });

  it('checks the rendered key', () => {
    expect(() => render('{payload.id}', { id: 'a\nb' })).toThrow(InvalidOptionError);
    expect(() => render('{payload.id}', { id: 'x'.repeat(300) })).toThrow(InvalidOptionError);
    expect(() => render('{payload.id}', { id: '' })).toThrow('1 to 256 printable characters');
  });

  it('calls a function, and checks its result', () => {
    expect(render((payload) => `report:${(payload as { id: number }).id}`, { id: 7 })).toBe('report:7');
    expect(() => render(() => '', {})).toThrow(InvalidOptionError);
    expect(() => render((() => Promise.resolve('x')) as never, {})).toThrow(InvalidOptionError);
    const failing = (payload: unknown) => (payload as { id: string }).id;
    expect(() => render(failing)).toThrow(
      /lockKey: a function is not allowed; allowed: a function that returns text \(it threw: /,
    );
  });
});

describe('isLockKeyTemplate', () => {
  it.each(['a', 'report:{payload.id}', '{taskId}:{payload}', '{payload.a-b.0}'])('%p is one', (text) =>
    expect(isLockKeyTemplate(text)).toBe(true),
  );

  it.each([
    '',
    '{',
    '}',
    'a{b',
    '{}',
    '{id}',
    '{payload.}',
    '{payload..a}',
    '{{payload.id}}',
    '{ payload.id }',
    'x'.repeat(257),
  ])('%p is none', (text) => expect(isLockKeyTemplate(text)).toBe(false));
});
