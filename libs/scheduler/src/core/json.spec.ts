import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { of } from 'rxjs';
import {
  ForbiddenKeyError,
  NotSerializableError,
  PayloadTooDeepError,
  PayloadTooLargeError,
  ResultTooLargeError,
} from './errors.js';
import { isPlainObject, parseJson, serializePayload, serializeResult } from './json.js';
import { MAX_DEPTH, MAX_PAYLOAD_BYTES, MAX_RESULT_BYTES } from './limits.js';

const nested = (depth: number): unknown => (depth === 0 ? 1 : { in: nested(depth - 1) });
const cyclic = (): object => {
  const value: { items: unknown[] } = { items: [] };
  value.items.push(value);
  return value;
};
const throwing = Object.defineProperty({}, 'x', {
  enumerable: true,
  get: () => {
    throw new Error('boom');
  },
});
class Money {
  amount = 1;
}
class Hidden {
  readonly #amount = 1;
  get amount(): number {
    return this.#amount;
  }
}
const revokedProxy = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const raise = (value: unknown): never => {
  throw value;
};

describe('serializePayload', () => {
  it('returns null for undefined, and text for null', () => {
    expect(serializePayload(undefined)).toBeNull();
    expect(serializePayload(null)).toBe('null');
  });

  it('preserves every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(!/"(__proto__|constructor)":/.test(JSON.stringify(value)));
        expect(JSON.stringify(parseJson(serializePayload(value)))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('omits undefined properties, and accepts objects without a prototype', () => {
    expect(serializePayload({ a: undefined, b: 1 })).toBe('{"b":1}');
    expect(serializePayload(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}');
  });

  it.each([
    [{ x: 1n }, 'payload.x: bigint is not JSON'],
    [{ a: [1, () => 1] }, 'payload.a[1]: function is not JSON'],
    [{ x: Number.NaN }, 'payload.x: NaN is not JSON'],
    [{ x: -Infinity }, 'payload.x: -Infinity is not JSON'],
    [{ when: new Date(0) }, 'payload.when: an instance of Date is not JSON'],
    [{ price: new Money() }, 'payload.price: an instance of Money is not JSON'],
    [new Map(), 'payload: an instance of Map is not JSON'],
    [Symbol('s'), 'payload: symbol is not JSON'],
    [[undefined], 'payload[0]: undefined is not JSON'],
    [new Array(3), 'payload[0]: undefined is not JSON'],
    [cyclic(), 'payload.items[0]: a cycle is not JSON'],
  ])('refuses %p', (payload, message) => {
    expect(() => serializePayload(payload)).toThrow(NotSerializableError);
    expect(() => serializePayload(payload)).toThrow(message);
  });

  it('refuses a getter that throws', () => {
    expect(() => serializePayload(throwing)).toThrow('payload: a value that cannot be read (boom) is not JSON');
  });

  it('refuses a proxy that cannot be inspected', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(() => serializePayload(proxy)).toThrow(NotSerializableError);
  });

  it('refuses keys that could change a prototype, at any depth', () => {
    expect(() => serializePayload(JSON.parse('{"a":{"__proto__":{"admin":true}}}'))).toThrow(
      "key '__proto__' is not allowed at payload.a",
    );
    expect(() => serializePayload({ constructor: { prototype: {} } })).toThrow(ForbiddenKeyError);
    expect(serializePayload({ constructor: 'Mies van der Rohe' })).toBe('{"constructor":"Mies van der Rohe"}');
  });

  it(`accepts ${MAX_DEPTH} levels and no more`, () => {
    expect(serializePayload(nested(MAX_DEPTH))).toContain('1');
    expect(() => serializePayload(nested(MAX_DEPTH + 1))).toThrow(PayloadTooDeepError);
    expect(() => serializePayload(JSON.parse('['.repeat(5000) + ']'.repeat(5000)))).toThrow(PayloadTooDeepError);
  });

  it('counts bytes of UTF-8, not characters', () => {
    const quotes = 2;
    expect(serializePayload('a'.repeat(MAX_PAYLOAD_BYTES - quotes))).toHaveLength(MAX_PAYLOAD_BYTES);
    expect(() => serializePayload('a'.repeat(MAX_PAYLOAD_BYTES - quotes + 1))).toThrow(PayloadTooLargeError);
    const tooLarge = 'é'.repeat(MAX_PAYLOAD_BYTES / 2);
    expect(() => serializePayload(tooLarge)).toThrow(`payload is ${MAX_PAYLOAD_BYTES + quotes} bytes`);
  });

  it('is fast for few objects that contain each other exponentially often', () => {
    let value: unknown = [];
    for (let i = 0; i < MAX_DEPTH - 2; i++) value = [value, value];
    expect(() => serializePayload(value)).toThrow(PayloadTooLargeError);
  });

  it('does not change global prototypes', () => {
    parseJson('{"__proto__":{"admin":true}}');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe('serializeResult', () => {
  it.each([
    [undefined, null],
    [null, null],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ a: Number.NaN }, '{"a":null}'],
    [{ a: 1, later: () => 1 }, '{"a":1}'],
    [new Money(), '{"amount":1}'],
    [{ at: new URL('https://example.test/') }, '{"at":"https://example.test/"}'],
    [{ type: 'Buffer', data: [1] }, '{"type":"Buffer","data":[1]}'],
    [{ toJSON: () => [1] }, '[1]'],
    [[Object('boxed'), Object(1)], '["boxed",1]'],
    [0, '0'],
  ])('%p becomes %p', (result, text) => expect(serializeResult(result)).toBe(text));

  it.each([
    ['BigInt', () => 1n],
    ['circular', cyclic],
    ['boom', () => throwing],
  ])('refuses what JSON refuses: %s', (why, result) => {
    expect(() => serializeResult(result())).toThrow(NotSerializableError);
    expect(() => serializeResult(result())).toThrow(why);
  });

  it.each<[string, unknown]>([
    ['result: an instance of Map', new Map([[1, 2]])],
    ['result: an instance of Set', new Set([1])],
    ['result.a[1].b: an instance of Map', { a: [0, { b: new Map() }] }],
    ['result: an instance of WeakMap', new WeakMap()],
    ['result.re: an instance of RegExp', { re: /x/ }],
    ['result[0].reason: an instance of RangeError', [{ reason: new RangeError('x') }]],
    ['result: an instance of Error', Object.assign(new Error('x'), { extra: 1 })],
    ['result.bytes: an instance of Uint8Array', { bytes: new Uint8Array(2) }],
    ['result.bytes: an instance of Buffer', { bytes: Buffer.from('x') }],
    ['result: an instance of Buffer', Buffer.from('x')],
    ['result: an instance of ArrayBuffer', new ArrayBuffer(2)],
    ['result.p: an instance of Promise', { p: Promise.resolve(1) }],
    ['result: an instance of Response', new Response('x')],
    ['result: an instance of Headers', new Headers()],
    ['result: an instance of URLSearchParams', new URLSearchParams('a=b')],
    ['result.s: an instance of Symbol', { s: Object(Symbol('s')) }],
    ['result: a generator', (function* () {})()],
    ['result.g: an async generator', { g: (async function* () {})() }],
    ['result: an async iterable (an instance of Readable)', Readable.from(['a'])],
    ['result: an Observable', of(1)],
    ['result: function', () => 1],
    ['result: symbol', Symbol('s')],
    ['result: an instance of Hidden', new Hidden()],
  ])('refuses what JSON would empty: %s', (message, result) => {
    expect(() => serializeResult(result)).toThrow(NotSerializableError);
    expect(() => serializeResult(result)).toThrow(message);
  });

  it('is fast for few objects that contain each other exponentially often', () => {
    let value: unknown = [new Date(0)];
    for (let i = 0; i < 64; i++) value = [value, value];
    expect(() => serializeResult(value)).toThrow(ResultTooLargeError);
  });

  it.each([
    ['itself', () => revokedProxy()],
    ['inside', () => ({ a: revokedProxy() })],
    [
      'thrown by a getter',
      () => Object.defineProperty({}, 'a', { enumerable: true, get: () => raise(revokedProxy()) }),
    ],
  ])('refuses a proxy that cannot be inspected: %s', (_, result) => {
    expect(() => serializeResult(result())).toThrow(NotSerializableError);
    expect(() => serializePayload(result())).toThrow(NotSerializableError);
  });

  it('refuses a result that is too large', () => {
    expect(() => serializeResult('x'.repeat(MAX_RESULT_BYTES))).toThrow(ResultTooLargeError);
  });
});

it('isPlainObject recognizes plain objects', () => {
  expect([{}, Object.create(null)].every(isPlainObject)).toBe(true);
  expect([null, undefined, [], new Date(), new Money(), 'a', () => 1].some(isPlainObject)).toBe(false);
});
