import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConsoleError } from '../console-error.js';
import { checkParsed, parseJsonText } from './json-text.js';

/** The result of JSON.parse; undefined: not JSON. */
function platform(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function ours(text: string): { value: unknown } | ConsoleError {
  try {
    return { value: parseJsonText(text) };
  } catch (error) {
    if (error instanceof ConsoleError) return error;
    throw error;
  }
}

const refusal = (text: string) => {
  const found = ours(text);
  return found instanceof ConsoleError ? [found.code, found.message, found.path] : found;
};

describe('JSON text', () => {
  it('accepts what JSON.parse accepts, with the same value', () => {
    const broken = fc.tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom('', '"', '\\', '{', ']', ',', ':', '0', '-', 'e', '\u0001', ' ')); // prettier-ignore
    const texts = fc.oneof(
      fc.json({ maxDepth: 6, noUnicodeString: false }),
      broken.map(([text, at, with_]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + with_ + text.slice(place + 1);
      }),
      fc.array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"b"', '1', '-0.5e+3', 'true', 'null', ' ', '\n'), { maxLength: 12 }).map((tokens) => tokens.join('')), // prettier-ignore
    );
    fc.assert(
      fc.property(texts, (text) => {
        const [found, expected] = [ours(text), platform(text)];
        if (!(found instanceof ConsoleError)) expect(found).toEqual(expected);
        else if (expected) expect(found.message).toMatch(/duplicate key|is not allowed/);
        // A key that is refused may come before the place where the text ends to be JSON.
        else expect(['INVALID_JSON', 'FORBIDDEN_KEY']).toContain(found.code);
      }),
      { numRuns: 5000 },
    );
  });

  it('reports where it is no longer JSON', () => {
    const at = (text: string) => /position (\d+)/.exec(JSON.stringify(refusal(text)))?.[1];
    expect(
      ['', ' \n', '{"a": x}', '[1,]', '{"a":1,}', '[1 2]', '01', '"\n"', '{}  x', '\ufeff{}', "{'a':1}"].map(at),
    ).toEqual(
      ['0', '2', '6', '3', '7', '3', '1', '0', '4', '0', '1'], // prettier-ignore
    );
  });

  it('has each key once, however it is written', () => {
    expect(refusal('{"a":{"x":1,"\\u0078":2}}')).toEqual(['INVALID_JSON', 'duplicate key "x" at a (at position 12)', 'a']); // prettier-ignore
    expect(ours('[{"a":1},{"a":{"a":1}}]')).toEqual({ value: [{ a: 1 }, { a: { a: 1 } }] });
  });

  it('has no key that reaches a prototype', () => {
    expect(refusal('{"a":[{"b":{"constructor":{"prototype":1}}}]}')).toEqual(['FORBIDDEN_KEY', "key 'constructor.prototype' is not allowed at a[0].b", 'a[0].b']); // prettier-ignore
    expect(refusal('[{"__proto__":1}]')).toEqual(['FORBIDDEN_KEY', "key '__proto__' is not allowed at [0]", '[0]']);
    expect(ours('{"constructor":"x","prototype":1}')).toEqual({ value: { constructor: 'x', prototype: 1 } });
  });

  it('is limited in depth and in keys', () => {
    const [deep, many] = [(n: number) => '['.repeat(n) + ']'.repeat(n), (n: number) => `{"o":{${Array.from({ length: n }, (_, i) => `"k${i}":0`).join()}}}`]; // prettier-ignore
    expect(ours(deep(35))).toHaveProperty('value');
    expect(refusal(deep(36))).toEqual(['PAYLOAD_TOO_DEEP', expect.stringContaining('35'), undefined]);
    expect(refusal('['.repeat(500_000))).toEqual(['PAYLOAD_TOO_DEEP', expect.any(String), undefined]);
    expect(ours(many(200))).toHaveProperty('value');
    expect(refusal(many(201))).toEqual(['PAYLOAD_TOO_LARGE', expect.stringContaining('200 keys'), 'o']);
  });

  it('that was parsed already has the same limits', () => {
    expect(() => checkParsed(JSON.parse('{"a":{"__proto__":1}}'))).toThrow(/__proto__/);
    expect(() => checkParsed({ a: [1, 'x', null] })).not.toThrow();
  });
});
