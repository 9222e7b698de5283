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
    expect(toErrorInfo(Object.assign(new Error('x'), { code: 42 })).code).toBeNull();
  });

  it('takes errors of another realm, and objects with a message', () => {
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
    [{ a: 1n }, 'the handler threw an object that is no JSON'],
    [{ toJSON: () => undefined }, 'the handler threw an object'],
    [revoked(), 'the handler threw an object that is no JSON'],
  ])('describes what is no error: %#', (thrown, message) => {
    expect(toErrorInfo(thrown)).toEqual({ name: 'NonErrorThrown', message, stack: null, code: null });
  });

  it('never throws, whatever getters do', () => {
    expect(toErrorInfo(explosive)).toEqual({ name: 'Error', message: '', stack: null, code: null });
  });

  it('bounds what it keeps', () => {
    const error = Object.assign(new Error('m'.repeat(10_000)), { stack: 's'.repeat(20_000), name: 'n'.repeat(1000) });
    const info = toErrorInfo(error);
    expect(info.message).toHaveLength(MAX_ERROR_MESSAGE);
    expect(info.message.endsWith('…')).toBe(true);
    expect(info.stack).toHaveLength(MAX_ERROR_STACK);
    expect(info.name).toHaveLength(128);
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
