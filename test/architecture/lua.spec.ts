import { describe, expect, it } from '@jest/globals';
import { lintLua, luaSources, unformatted } from '../../scripts/lint-lua.mjs';

const SOURCES = luaSources();

/** The sources with one more file, which is at fault. */
const planted = (text: string, path = 'commands/planted.lua'): Record<string, string> => ({ ...SOURCES, [path]: text });

describe('the Lua of the Redis store', () => {
  it('has no breach, and is formatted', () => {
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
      'a variable that hides another one',
      'local id = ARGV[3]\nfor id = 1, 2 do\n  rows.get(id)\nend\nreturn id\n',
      "'id' hides a variable of the same name",
    ],
    ['a variable that hides a module', 'local rows = {}\nreturn rows\n', "'rows' hides what every file can use"],
  ])('is refused for %s', (_what, text, breach) => {
    expect(lintLua(planted(text)).map((each) => each.replace(/^commands\/planted\.lua:\d+ /, ''))).toEqual([breach]);
  });

  it('is refused where it is not formatted', () => {
    expect(unformatted(planted('local id=ARGV[3]\nreturn id\n'))).toEqual(['commands/planted.lua']);
  });

  it('is refused where it does not parse', () => {
    expect(() => lintLua(planted('return return\n'))).toThrow('commands/planted.lua');
  });
});
