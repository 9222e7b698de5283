import { describe, expect, it } from '@jest/globals';
import { luaScripts, scriptsFor, scriptsOf } from './lua-scripts.js';

const TEXTS = {
  'library.lua': 'local now\n-- @include context\n-- @include rows\n',
  'includes/context.lua': 'local context = {}\nfunction context.begin()\n  return ARGV[1]\nend\n',
  // Indents and comments do not go to the server.
  'includes/rows.lua': '-- @include context\nlocal rows = {}\nfunction rows.begin()\n  rows.cache = {}\nend\n',
  'commands/read.lua': '#!lua flags=no-writes\n-- @include rows\nreturn rows.cache\n',
  'commands/write.lua': '-- @include context\nreturn 1\n',
};
const FIRST_LINE = /^#!lua name=scheduler_(\w{16})\n/;

describe('the library', () => {
  it('has each include once, and a function for each verb, with its flags', () => {
    const { name, text, scripts } = scriptsOf(TEXTS);
    const digest = FIRST_LINE.exec(text)![1]!;
    expect(name).toBe(`scheduler_${digest}`);
    expect([...scripts.values()].map((script) => script.function)).toEqual([`${digest}_read`, `${digest}_write`]);
    expect(text.match(/^rows = \{\}$/gm)).toHaveLength(1);
    expect(text).toContain("register('read', { 'no-writes' })\nregister('write', {  })");
  });

  it('declares the tables of all modules before their functions, each of which is in a block', () => {
    expect(scriptsOf(TEXTS).text).toContain('local context, rows = {}, {}\nlocal now\ndo\ncontext = {}\n');
  });

  it('begins the context of a verb at once, and another module at its first use in a call', () => {
    const { text } = scriptsOf(TEXTS);
    const begin = 'do local over = context.begin() if over then return over end end';
    expect(text).toContain(`KEYS, ARGV = keys_, args_\n${begin}\nreturn rows.cache\nend`);
    expect(text).toContain("lazily('rows', rows, function(m) rows = m end)\n");
    expect(text).not.toContain("lazily('context'");
  });

  it('puts a table of the engine in place together with its module', () => {
    const table = 'local rows = {}\ntables.rows = rows\nfunction rows.begin()\n  rows.cache = {}\nend\n';
    const { text } = scriptsOf({ ...TEXTS, 'includes/rows.lua': table });
    expect(text).toContain("lazily('rows', rows, function(m) rows, tables.rows = m, m end)\n");
  });

  it('as a script begins each include of the verb where it is included, dependencies first', () => {
    const begin = 'do local over = context.begin() if over then return over end end';
    expect(scriptsOf(TEXTS).scripts.get('read')!.text.split('\n')).toEqual([
      ...['#!lua flags=no-writes', 'local rows, context = {}, {}', 'local now', 'do', 'do'],
      ...['context = {}', 'function context.begin()', 'return ARGV[1]', 'end', 'end', begin],
      ...['rows = {}', 'function rows.begin()', 'rows.cache = {}', 'end', 'end', 'rows.begin()', 'return rows.cache'],
    ]);
  });

  it('has a script that uses no include', () => {
    const texts = { ...TEXTS, 'commands/bare.lua': 'return 1\n' };
    expect(scriptsOf(texts).scripts.get('bare')!.text).toBe('#!lua\nlocal now\nreturn 1');
  });

  it('changes with any of its texts', () => {
    const changed = scriptsOf({ ...TEXTS, 'commands/write.lua': '-- @include context\nreturn 2\n' });
    expect(changed.name).not.toBe(scriptsOf(TEXTS).name);
    expect(changed.scripts.get('read')!.function).not.toBe(scriptsOf(TEXTS).scripts.get('read')!.function);
    expect(changed.scripts.get('read')!.sha).toBe(scriptsOf(TEXTS).scripts.get('read')!.sha);
  });

  it('refuses a verb with a missing include', () => {
    const texts = { ...TEXTS, 'library.lua': 'local now\n-- @include context\n' };
    expect(() => scriptsOf(texts)).toThrow("library.lua does not include 'rows', which 'read' uses");
  });

  it('is sent to a thread completely, with some of the scripts', () => {
    const { name, text, scripts } = luaScripts();
    expect(scriptsFor(['renew'])).toEqual({ name, text, scripts: new Map([['renew', scripts.get('renew')!]]) });
  });
});
