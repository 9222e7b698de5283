import { describe, expect, it } from '@jest/globals';
import { mergePayload } from './merge-payload.js';

describe('mergePayload', () => {
  it.each([
    [
      { a: 1, b: 1 },
      { b: 2, c: 2 },
      { a: 1, b: 2, c: 2 },
    ],
    [{ deep: { a: 1 } }, { deep: { b: 2 } }, { deep: { b: 2 } }],
    [{ a: 1 }, undefined, { a: 1 }],
    [{ a: 1 }, null, null],
    [{ a: 1 }, [1], [1]],
    [[1], { a: 1 }, { a: 1 }],
    [{ a: 1 }, 'text', 'text'],
    [undefined, { a: 1 }, { a: 1 }],
    [undefined, undefined, undefined],
    [{ a: 1 }, { a: undefined }, { a: undefined }],
  ])('%j and %j make %j', (base, given, merged) => expect(mergePayload(base, given)).toStrictEqual(merged));

  it('replaces a value if either is no plain object', () => {
    const date = new Date(0);
    expect(mergePayload({ a: 1 }, date)).toBe(date);
  });

  it('changes neither input, and no prototype', () => {
    const base = { a: 1 };
    const given = JSON.parse('{"__proto__":{"admin":true}}') as object;
    const merged = mergePayload(base, given) as { admin?: boolean };
    expect(base).toEqual({ a: 1 });
    expect(merged.admin).toBeUndefined();
  });
});
