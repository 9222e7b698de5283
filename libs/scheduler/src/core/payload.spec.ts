import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { NotSerializableError } from './errors.js';
import { parseJson, serializePayload } from './json.js';
import { sizeOfPayload, textOf, toPayload, useTexts, valueOf } from './payload.js';

/** What each way does with a value: the text, the value, or the error. */
const byJson = (value: unknown): unknown => attempt(() => serializePayload(value), parseJson);
const byPayload = (value: unknown): unknown => {
  const attempted = attempt(() => toPayload(value), valueOf);
  return attempted.payload === undefined ? attempted : { ...attempted, payload: textOf(attempted.payload) };
};

function attempt<P>(store: () => P, read: (stored: P) => unknown) {
  try {
    const payload = store();
    return { payload, value: read(payload) };
  } catch (error) {
    return { error: String(error) };
  }
}

const names = fc.oneof(
  fc.string(),
  fc.nat(20).map(String),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'toJSON', 'length', 'prototype', ''),
);
const items = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean()) },
  fc.constantFrom<unknown>(null, undefined, -0, NaN, Infinity, 5e-324, '\ud800', '\u2028"\\', Symbol('s'), 1n),
  fc.constantFrom<unknown>(new Date(0), [1], { a: 1 }, () => 1, 'x'.repeat(5_000)),
);
const isOwn = (key: string): boolean => key !== '__proto__';
const objects = fc.dictionary(names.filter(isOwn), items, { maxKeys: 12 });
const arrays = fc.array(items, { maxLength: 12 });

describe('toPayload', () => {
  it('preserves and refuses exactly what JSON does', () => {
    fc.assert(
      fc.property(fc.oneof(objects, arrays, items), (value) => {
        const [expected, found] = [byJson(value), byPayload(value)];
        expect(isDeepStrictEqual(found, expected)).toBe(true);
        // In the order of the keys.
        expect(JSON.stringify(found)).toBe(JSON.stringify(expected));
      }),
      { numRuns: 2_000 },
    );
  });

  class Money {
    amount = 1;
  }
  const sparse: unknown[] = [];
  sparse[2] = 1;
  class Items extends Array<number> {}
  it.each<[string, unknown]>([
    ['an own __proto__', JSON.parse('{"__proto__": 1}')],
    ['no prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['a prototype with properties', Object.create({ inherited: 1 })],
    ['an instance', new Money()],
    ['a sparse array', sparse],
    ['an array with a property', Object.assign([1, 2], { extra: 1 })],
    ['a subclass of Array', Items.of(1, 2)],
    ['a symbol as key', { a: 1, [Symbol('b')]: new Money() }],
    ['a hidden property', Object.defineProperty({ a: 1 }, 'b', { value: 2 })],
    ['a getter', Object.defineProperty({}, 'a', { enumerable: true, get: () => 1 })],
    ['a proxy', new Proxy({ a: 1 }, {})],
    ['a frozen object', Object.freeze({ a: 1 })],
    ['toJSON', { toJSON: () => ({ a: 1 }) }],
    ['65 members', Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, i]))],
    ['long texts', Array.from({ length: 60 }, () => 'x'.repeat(5_000))],
  ])('treats %s as JSON does', (_what, value) => {
    expect(byPayload(value)).toStrictEqual(byJson(value));
    const read = valueOf(
      attempt(
        () => toPayload(value),
        () => 0,
      ).payload ?? null,
    );
    const expected = parseJson(
      attempt(
        () => serializePayload(value),
        () => 0,
      ).payload ?? null,
    );
    if (read !== undefined) expect(Object.getPrototypeOf(read)).toBe(Object.getPrototypeOf(expected));
  });

  describe('with prototypes that the app has changed', () => {
    const added = ['toJSON', 'polluted'];
    afterEach(() => {
      for (const name of added) {
        delete (Object.prototype as Record<string, unknown>)[name];
        delete (Array.prototype as unknown as Record<string, unknown>)[name];
      }
    });

    it.each([
      ['toJSON of objects', Object.prototype, 'toJSON', { configurable: true, value: () => 'all' }],
      ['toJSON of arrays', Array.prototype, 'toJSON', { configurable: true, value: () => 'all' }],
      ['a setter', Object.prototype, 'polluted', { configurable: true, set: () => undefined }],
      ['a constant', Object.prototype, 'polluted', { configurable: true, value: 1, writable: false }],
      ['an enumerable value', Object.prototype, 'polluted', { configurable: true, value: 1, enumerable: true }],
    ])('treats %s as JSON does', (_what, prototype, name, descriptor) => {
      const value = { polluted: 2, a: 1 };
      Object.defineProperty(value, 'polluted', { value: 2, enumerable: true });
      Object.defineProperty(prototype, name, descriptor as PropertyDescriptor);
      const seen = [byPayload(value), byPayload([1, 2])];
      const expected = [byJson(value), byJson([1, 2])];
      delete (prototype as unknown as Record<string, unknown>)[name];
      expect(seen).toStrictEqual(expected);
    });
  });

  it('keeps flat values as copies, and others as text', () => {
    expect(typeof toPayload({ a: 1, b: 'two', c: null })).toBe('object');
    expect(typeof toPayload([1, 'two'])).toBe('object');
    expect(typeof toPayload({ a: { b: 1 } })).toBe('string');
    expect(typeof toPayload('text')).toBe('string');
    expect(toPayload(undefined)).toBeNull();
    expect(() => toPayload({ a: NaN })).toThrow(NotSerializableError);
  });

  it('is not changed by what its giver and its receivers do', () => {
    for (const given of [{ a: 1 }, [1]] as (Record<string, number> & number[])[]) {
      const payload = toPayload(given);
      const before = textOf(payload);
      given['a' in given ? 'a' : 0] = 2;
      const received = valueOf(payload) as typeof given;
      received['a' in received ? 'a' : 0] = 3;
      expect(textOf(payload)).toBe(before);
    }
  });

  it('reads a getter once', () => {
    let reads = 0;
    toPayload({
      get a() {
        return ++reads;
      },
    });
    expect(reads).toBe(1);
  });
});

describe('sizeOfPayload and useTexts', () => {
  it('count and make the same text', () => {
    fc.assert(
      fc.property(fc.option(fc.jsonValue({ maxDepth: 1 })), (value) => {
        fc.pre(!/"(__proto__|constructor)":/.test(JSON.stringify(value)));
        const batch = [{ payload: toPayload(value ?? undefined) }];
        const size = sizeOfPayload(batch[0]!.payload);
        useTexts(batch);
        expect(batch[0]!.payload).toBe(serializePayload(value ?? undefined));
        expect(size).toBe(batch[0]!.payload?.length ?? 0);
      }),
    );
  });
});
