import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import * as errors from '../../libs/scheduler/src/core/errors.js';

/** Bases without a code of their own. */
const ABSTRACT = ['SchedulerError', 'InvalidInputError'];

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The codes of each class in its source: whole literals in capitals, outside of comments and messages. */
function codesInSource(): Record<string, string[]> {
  const folder = 'libs/scheduler/src/core/errors/';
  const files = readdirSync(new URL(`../../${folder}`, import.meta.url));
  const source = files
    .map((file) => read(folder + file))
    .join('\n')
    .replaceAll(/\/\*[^]*?\*\/|"[^"\n]*"|`[^`]*`/g, '');
  const classes = source.split(/^export class /m).slice(1);
  const codes = classes.map((text): [string, string[]] => {
    const name = /^\w+/.exec(text)![0];
    return [name, [...text.matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g)].map(([, code]) => code!).sort()];
  });
  return Object.fromEntries(codes.filter(([name]) => !ABSTRACT.includes(name)));
}

/** The codes of each class in the tables of the document. */
function codesInDocument(): Record<string, string[]> {
  const rows = [...read('docs/errors.md').matchAll(/^\| `(\w+)` *\| (`[^|]+) *\| (\S.*\S) *\|$/gm)];
  const withClass = rows.filter(([, name]) => name! in errors);
  expect(new Set(withClass.map(([, name]) => name)).size).toBe(withClass.length);
  return Object.fromEntries(
    withClass.map(([, name, codes]) => [name, [...codes!.matchAll(/`(\w+)`/g)].map(([, code]) => code!).sort()]),
  );
}

describe('docs/errors.md', () => {
  it('names every error class of the code with its codes, and no other', () => {
    expect(codesInDocument()).toEqual(codesInSource());
  });

  it('covers every exported class', () => {
    const exported = Object.entries(errors).filter(([, value]) => value.prototype instanceof Error);
    const concrete = exported.map(([name]) => name).filter((name) => !ABSTRACT.includes(name));
    expect(Object.keys(codesInDocument()).sort()).toEqual(concrete.sort());
  });
});
