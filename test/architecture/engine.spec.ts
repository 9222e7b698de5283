import { describe, expect, it, jest } from '@jest/globals';
import { ESLint } from 'eslint';
import { readFile } from 'node:fs/promises';
import { compileEngine } from '../../scripts/build-engine.mjs';

jest.setTimeout(120_000);

/** For each rule of the subset that compiles to Lua: code that violates it, and a part of the message. */
const BREACHES: [code: string, why: RegExp][] = [
  ['export class Lock {}', /no classes/],
  ['export const known = new Map<string, number>();', /no objects with methods/],
  ['export async function wait(): Promise<void> {}', /synchronous/],
  ['export function first(all: object): string { for (const key in all) return key; return ""; }', /order of a table/],
  ['export function fail(): void { throw Error("no"); }', /no exceptions/],
  ['export function copy(all: number[]): number[] { return [...all]; }', /no spread/],
  ['export function keyOf({ key }: { key: string }): string { return key; }', /no destructuring/],
  ['export const digits = /\\d+/;', /no regular expressions/],
  ['export const holder: string | null = null;', /undefined/],
  ['export function rest(n: number): number { return n % 5; }', /remainder/],
];

describe('the engine', () => {
  it('is committed in Lua as compiled from its sources, with the constants of both languages', async () => {
    const compiled = compileEngine();
    expect(Object.keys(compiled)).toEqual(['limits.lua', 'codes.lua', 'engine.lua']);
    for (const [name, text] of Object.entries(compiled))
      expect(text).toBe(await readFile(`libs/scheduler/src/store/redis/lua/${name}`, 'utf8'));
  });

  it('uses only what compiles to Lua, checked by lint', async () => {
    const eslint = new ESLint({ overrideConfig: { languageOptions: { parserOptions: { projectService: false } } } });
    const { rules } = (await eslint.calculateConfigForFile('libs/scheduler/src/engine/lock.ts')) as {
      rules: Record<string, [unknown, ...{ selector: string; message: string }[]]>;
    };
    expect(rules['no-restricted-syntax']![0]).toBe(2);
    const lint = new ESLint({
      overrideConfigFile: true,
      overrideConfig: {
        files: ['**/*.ts'],
        languageOptions: { parser: (await import('typescript-eslint')).parser },
        rules: { 'no-restricted-syntax': rules['no-restricted-syntax'] as never },
      },
    });
    for (const [code, why] of BREACHES) {
      const [result] = await lint.lintText(code, { filePath: 'libs/scheduler/src/engine/planted.ts' });
      expect(result!.messages.map(({ message }) => message).join('\n')).toMatch(why);
    }
  });
});
