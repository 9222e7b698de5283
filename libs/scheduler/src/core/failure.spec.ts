import { describe, expect, it } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import { NonRetryableError } from './errors.js';
import { messageOf, toErrorInfo } from './failure.js';
import { MAX_ERROR_MESSAGE, MAX_ERROR_STACK } from './limits.js';

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const explosive: unknown = Object.create(Error.prototype, {
  message: {
    get: () => {
      throw new Error('no');
    },
  },
  stack: {
    get: () => {
      throw new Error('no');
    },
  },
});

describe('toErrorInfo', () => {
  it('keeps name, message, stack and a code of text', () => {
    const info = toErrorInfo(new NonRetryableError('card refused'));
    expect(info).toMatchObject({ name: 'NonRetryableError', message: 'card refused', code: 'NON_RETRYABLE' });
    expect(info.stack).toContain('failure.spec');
    expect(toErrorInfo(Object.assign(new Error('x'), { code: 42 })).code).toBe(42);
    expect(toErrorInfo(Object.assign(new Error('x'), { code: Number.NaN })).code).toBeNull();
    expect(toErrorInfo(Object.assign(new Error('x'), { code: {} })).code).toBeNull();
  });

  it('accepts errors of another realm, and objects with a message', () => {
    expect(toErrorInfo(runInNewContext("new TypeError('far')"))).toMatchObject({ name: 'TypeError', message: 'far' });
    expect(toErrorInfo({ message: 'like one' })).toEqual({
      name: 'Error',
      message: 'like one',
      stack: null,
      code: null,
    });
  });

  it.each([
    [undefined, 'the handler threw undefined'],
    [null, 'the handler threw null'],
    ['text', 'the handler threw "text"'],
    [0, 'the handler threw 0'],
    [7n, 'the handler threw 7'],
    [Symbol('s'), 'the handler threw Symbol(s)'],
    [() => 1, 'the handler threw a function'],
    [{ a: 1 }, 'the handler threw {"a":1}'],
    [{ a: 1n }, 'the handler threw an object that is not JSON'],
    [{ toJSON: () => undefined }, 'the handler threw an object'],
    [revoked(), 'the handler threw an object that is not JSON'],
  ])('describes values that are no errors: %#', (thrown, message) => {
    expect(toErrorInfo(thrown)).toEqual({ name: 'NonErrorThrown', message, stack: null, code: null });
  });

  it('never throws, whatever getters do', () => {
    expect(toErrorInfo(explosive)).toEqual({ name: 'Error', message: '', stack: null, code: null });
  });

  it('limits what it keeps', () => {
    const error = Object.assign(new Error('m'.repeat(10_000)), { stack: 's'.repeat(20_000), name: 'n'.repeat(1000) });
    const info = toErrorInfo(error);
    expect(info.message).toHaveLength(MAX_ERROR_MESSAGE);
    expect(info.message.endsWith('…')).toBe(true);
    expect(info.stack).toHaveLength(MAX_ERROR_STACK);
    expect(info.name).toHaveLength(128);
  });
});

describe('the causes of an error', () => {
  it('are kept, without their stacks', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    const info = toErrorInfo(new TypeError('fetch failed', { cause: refused }));
    expect(info.cause).toEqual({ name: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:1', code: 'ECONNREFUSED' });
  });

  it('include those that an AggregateError collects', () => {
    const { errors } = toErrorInfo(new AggregateError([new Error('v4', { cause: 'dns' }), 'plain text', undefined]));
    expect(errors).toEqual([
      { name: 'Error', message: 'v4', code: null, cause: { name: 'NonErrorThrown', message: '"dns"', code: null } },
      { name: 'NonErrorThrown', message: '"plain text"', code: null },
    ]);
  });

  it('are absent if there are none', () => {
    expect(Object.keys(toErrorInfo(new Error('x')))).toEqual(['name', 'message', 'stack', 'code']);
  });

  it('are limited in depth, number and size', () => {
    let deep = new Error('0');
    for (let i = 1; i < 50; i++) deep = new Error(String(i), { cause: deep });
    let depth = 0;
    for (let cause = toErrorInfo(deep).cause; cause; cause = cause.cause) depth++;
    expect(depth).toBe(5);
    const many = toErrorInfo(new AggregateError(Array.from({ length: 1000 }, (_, i) => new Error('m'.repeat(i * 10)))));
    expect(many.errors).toHaveLength(10);
    expect(toErrorInfo(new Error('x', { cause: new Error('m'.repeat(5000)) })).cause!.message).toHaveLength(1024);
  });

  it('may be cyclic', () => {
    const one: Error = new Error('one');
    const two = new Error('two', { cause: one });
    one.cause = two;
    expect(toErrorInfo(one)).toMatchObject({ message: 'one', cause: { message: 'two' } });
    expect(toErrorInfo(one).cause!.cause).toBeUndefined();
    const self = new AggregateError([]);
    self.errors.push(self, self);
    expect(toErrorInfo(self).errors).toBeUndefined();
  });

  it('may be unreadable, or created at each access', () => {
    expect(toErrorInfo(new Error('x', { cause: revoked() })).cause).toMatchObject({ name: 'NonErrorThrown' });
    expect(toErrorInfo(Object.assign(new Error('x'), { errors: revoked() })).errors).toBeUndefined();
    class Endless extends Error {
      override get cause(): unknown {
        return new Endless();
      }
    }
    expect(JSON.stringify(toErrorInfo(new Endless())).match(/"cause"/g)).toHaveLength(5);
  });

  it('are redacted, like their codes', () => {
    const info = toErrorInfo(
      new Error('s3cret', { cause: Object.assign(new Error('s3cret!'), { code: 's3cret', name: 's3cret' }) }),
      (text) => text.replaceAll('s3cret', '-'),
    );
    expect(JSON.stringify({ ...info, stack: null })).not.toContain('s3cret');
  });
});

describe('toErrorInfo of hostile values', () => {
  const trap = (): never => {
    throw revoked();
  };
  it.each<[string, unknown]>([
    ['a proxy whose traps throw proxies', new Proxy(new Error('x'), { get: trap, getPrototypeOf: trap, has: trap })],
    ['a frozen error', Object.freeze(new Error('x'))],
    ['a message that is an object', Object.assign(new Error('x'), { message: { toString: trap } })],
    ['a name that is a symbol', Object.assign(new Error('x'), { name: Symbol('x') })],
    ['an object whose toString throws', { toString: trap, [Symbol.toPrimitive]: trap }],
    ['an object whose toJSON throws a proxy', { toJSON: trap }],
    ['an object without a prototype', Object.create(null)],
    ['a huge text', 'x'.repeat(50_000_000)],
    ['a huge object', Array.from({ length: 100_000 }, () => 'x'.repeat(1000))],
    ['a huge message', Object.assign(new Error('x'), { message: 'x'.repeat(50_000_000) })],
    ['a stack that throws', Object.defineProperty(new Error('x'), 'stack', { get: trap })],
    ['halves of surrogate pairs', new Error(`\uD83D${'😀'.repeat(3000)}`)],
  ])('%s', (_, thrown) => {
    const info = toErrorInfo(thrown);
    const text = JSON.stringify(info);
    expect(JSON.parse(text)).toEqual(info);
    expect(text).not.toMatch(/\\ud[89ab]/i);
    expect(text.length).toBeLessThan(40_000);
    expect(typeof messageOf(thrown)).toBe('string');
  });

  it('keeps nothing of a text that could not be redacted', () => {
    expect(toErrorInfo(new Error('secret'), trap)).toMatchObject({ name: '', message: '', stack: '' });
  });
});

describe('messageOf', () => {
  it.each([
    [new Error('first\nsecond'), 'first'],
    ['text', '"text"'],
    [undefined, 'undefined'],
    [explosive, '{}'],
  ])('%#', (thrown, message) => expect(messageOf(thrown)).toBe(message));

  it('is short', () => expect(messageOf(new Error('x'.repeat(1000)))).toHaveLength(256));
});
