import { describe, expect, it } from '@jest/globals';
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

  it('checks the key that comes out', () => {
    expect(() => render('{payload.id}', { id: 'a\nb' })).toThrow(InvalidOptionError);
    expect(() => render('{payload.id}', { id: 'x'.repeat(300) })).toThrow(InvalidOptionError);
    expect(() => render('{payload.id}', { id: '' })).toThrow('1 to 256 printable characters');
  });

  it('asks a function, and checks its answer', () => {
    expect(render((payload) => `report:${(payload as { id: number }).id}`, { id: 7 })).toBe('report:7');
    expect(() => render(() => '', {})).toThrow(InvalidOptionError);
    expect(() => render((() => Promise.resolve('x')) as never, {})).toThrow(InvalidOptionError);
    const failing = (payload: unknown) => (payload as { id: string }).id;
    expect(() => render(failing)).toThrow(
      /lockKey: a function is not allowed; allowed: a function that gives text \(it threw: /,
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
