import { describe, expect, it } from '@jest/globals';
import { lintLua, luaSources, unformatted } from '../../scripts/lint-lua.mjs';

const SOURCES = luaSources();

/** The sources with one more file, which is at fault. */
const planted = (text: string, path = 'commands/planted.lua'): Record<string, string> => ({ ...SOURCES, [path]: text });

describe('the Lua of the Redis store', () => {
  it('passes lint and is formatted', () => {
    expect(Object.keys(SOURCES).length).toBeGreaterThan(50);
    expect(lintLua(SOURCES)).toEqual([]);
    expect(unformatted(SOURCES)).toEqual([]);
  });

  it.each([
    ['a name that nothing defines', 'return comit(1)\n', "'comit' is not defined"],
    ['what a module does not have', 'return commit(rows.gte(ARGV[3]))\n', "'rows' has no 'gte'"],
    ['a variable that nothing uses', 'local id = ARGV[3]\nreturn 1\n', "'id' is not used"],
    ['a parameter that nothing uses', 'local function of(a)\n  return 1\nend\nreturn of(1)\n', "'a' is not used"],
    [
      'a module that a script has not defined yet',
      '-- @include keys\n-- @include context\nlocal function settled()\n  return engine.settle\nend\nreturn settled()\n-- @include concerns\n',
      "'engine' is used before it is included",
    ],
    [
      'a variable that hides another one',
      'local id = ARGV[3]\nfor id = 1, 2 do\n  rows.get(id)\nend\nreturn id\n',
      "'id' hides a variable of the same name",
    ],
    ['a variable that hides a module', 'local rows = {}\nreturn rows\n', "'rows' hides what every file can use"],
  ])('is refused for %s', (_what, text, breach) => {
    const whole = text.includes('@include') ? text : `-- @include verb\n${text}`;
    expect(lintLua(planted(whole)).map((each) => each.replace(/^commands\/planted\.lua:\d+ /, ''))).toEqual([breach]);
  });

  it('is refused if it is not formatted', () => {
    expect(unformatted(planted('local id=ARGV[3]\nreturn id\n'))).toEqual(['commands/planted.lua']);
  });

  // Until the first use of such a module in a call, its name refers to a table that begins it.
  it('keeps no reference to a module that begins at its first use, except as a table of the engine', () => {
    const begun = Object.values(SOURCES).flatMap((text) => /^function (\w+)\.begin\(\)$/m.exec(text)?.[1] ?? []);
    const lazily = begun.filter((name) => !['keys', 'context', 'tables'].includes(name)).join('|');
    const reference = new RegExp(`^(?:local )?\\w[\\w., ]* = (?:${lazily})(?:$|[ ,.].*)`, 'gm');
    expect(lazily.split('|').length).toBeGreaterThan(20);
    expect('local cache = rows.cache\n'.match(reference)).toHaveLength(1);
    const modules = Object.entries(SOURCES).filter(([path]) => !path.startsWith('commands/'));
    const kept = modules.flatMap(([, text]) => [...text.matchAll(reference)].map(([line]) => line));
    const tables = kept.filter((line) => /^tables\.\w+ = \w+$/.test(line));
    expect(tables.length).toBeGreaterThan(8);
    const ofOthers = kept.filter((line) => !tables.includes(line) && !/^(\w+)\..* = \1\./.test(line));
    // This function uses the fields of its module only by the module's name.
    expect(ofOthers).toEqual(['statuses.isWaiting = inspect.isWaiting']);
  });

  it('uses the shared constants for limits of all stores', () => {
    const limits = new Set(SOURCES['limits.lua']!.match(/(?<=^limits\.)\w+/gm));
    expect(limits.has('CLAIM_PER_STEP')).toBe(true);
    const own = Object.entries(SOURCES).flatMap(([path, text]) =>
      [...text.matchAll(/^local ([\w, ]+) = \d/gm)].flatMap(([, names]) =>
        names!.split(', ').flatMap((name) => (limits.has(name) ? [`${path} ${name}`] : [])),
      ),
    );
    expect(own).toEqual([]);
  });

  it('uses names for what it stores and sends: letters and bytes are constants of codec/codes.ts', () => {
    const literal = /[=~]= '[A-Za-z]'|byte\([^()]*\) [=~]= \d/;
    expect(literal.test("if string.byte(state) == 67 or kind == 'f' then")).toBe(true);
    const written = Object.entries(SOURCES).filter(([path]) => !path.endsWith('codes.lua'));
    expect(written.flatMap(([path, text]) => (literal.test(text) ? [path] : []))).toEqual([]);
  });

  it('is refused if it does not parse', () => {
    expect(() => lintLua(planted('return return\n'))).toThrow('commands/planted.lua');
  });
});
