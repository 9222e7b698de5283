import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { refsOf } from './refs.js';

describe('refsOf', () => {
  it('keeps an id that is a valid name', () => {
    expect([...refsOf(['a', 'B.c_d:e-1'])]).toEqual([
      ['a', 'a'],
      ['B.c_d:e-1', 'B.c_d:e-1'],
    ]);
  });

  it('distinguishes ids that differ only in invalid characters, and from a valid id with the same name', () => {
    const refs = refsOf(['a b', 'a/b', 'a_b', 'a_b:1']);
    expect([...refs.values()]).toEqual(['a_b:2', 'a_b:3', 'a_b', 'a_b:1']);
  });

  it('is valid and unique for any ids', () => {
    const id = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 120, maxLength: 140 }),
      fc.stringMatching(/^[ab_ /:1]{1,4}$/),
    );
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 40 }), (ids) => {
        const refs = [...refsOf(ids).values()];
        expect(refs).toHaveLength(ids.length);
        expect(new Set(refs).size).toBe(ids.length);
        for (const ref of refs) expect(ref).toMatch(/^[A-Za-z0-9._:-]{1,128}$/);
      }),
    );
  });
});
