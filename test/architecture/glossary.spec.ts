import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { filesUnder, librarySources } from '../support/source-files.js';

interface Row {
  term: string;
  names: string[];
}

function rows(): Row[] {
  const table = readFileSync('docs/glossary.md', 'utf8').matchAll(/^\| (?!Term|-)([^|]+?) +\| ([^|]+?) +\| [^|]+\|$/gm);
  return [...table].map(([, term, names]) => ({
    term: term!,
    names: [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  }));
}

/** Names in the paths and texts of the library. */
function unused(names: readonly string[]): string[] {
  const files = [...librarySources(), ...filesUnder('libs/scheduler/src', '.lua')];
  const texts = files.map((path) => `${path}\n${readFileSync(path, 'utf8')}`);
  return names.filter((name) => {
    const word = new RegExp(`(?<!\\w)${name.replaceAll('.', '\\.')}(?!\\w)`);
    return !texts.some((text) => word.test(text));
  });
}

describe('docs/glossary.md', () => {
  it('has names for each term, and each term once', () => {
    const terms = rows().map(({ term }) => term);
    expect(terms.length).toBeGreaterThan(30);
    expect(rows().filter(({ names }) => names.length === 0)).toEqual([]);
    expect(new Set(terms).size).toBe(terms.length);
  });

  it('has no term that no code uses', () => {
    expect(unused(['leaseTokne'])).toEqual(['leaseTokne']);
    expect(unused(rows().flatMap(({ names }) => names))).toEqual([]);
  });
});
