import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { filesUnder } from '../support/source-files.js';

const LUA = 'libs/scheduler/src/store/redis/lua';

interface Key {
  /** Behind the root, its parts in angle brackets. */
  key: string;
  /** In `keys` of the scripts. */
  name: string;
  type: string;
}

/** The keys as keys.lua makes them; those with parts have no type there. */
function keysInCode(): (Omit<Key, 'type'> & { type?: string })[] {
  const source = readFileSync(`${LUA}/includes/keys.lua`, 'utf8');
  const fixed = [...source.matchAll(/^ {2}(\w+) = '(\w+)', -- (\w+): /gm)].map(([, name, key, type]) => ({
    key: key!,
    name: name!,
    type: type!,
  }));
  const made = [...source.matchAll(/^function keys\.(\w+)\(.*\)\n {2}return root \.\. (.*)$/gm)].map(
    ([, name, parts]) => ({
      key: parts!
        .split(' .. ')
        .map((part) => /^'(.*)'$/.exec(part)?.[1] ?? `<${part}>`)
        .join(''),
      name: name!,
    }),
  );
  return [...fixed, ...made];
}

function keysInDocument(): Key[] {
  const rows = readFileSync('docs/redis-keys.md', 'utf8').matchAll(/^\| `(\S+)` +\| (\w+) +\| (\w+) +\|/gm);
  return [...rows].map(([, key, name, type]) => ({ key: key!, name: name!, type: type! }));
}

/** By the first letter of a command; those of lists have two. Others do to any type. */
const TYPES: [RegExp, string][] = [
  [/^H/, 'hash'],
  [/^Z/, 'zset'],
  [/^(SADD|SISMEMBER|SMEMBERS|SREM|SCARD)$/, 'set'],
  [/^(LLEN|LPOP|LPUSH|LRANGE|LINDEX|LSET|LTRIM|RPUSH|RPOP)$/, 'list'],
  [/^publish$/, 'channel'],
];

/** The types by the commands that the scripts use on them, as `name type`. */
function typesInUse(): Set<string> {
  const source = filesUnder(LUA, '.lua').map((file) => readFileSync(file, 'utf8'));
  const calls = source.flatMap((text) => [...text.matchAll(/\bcall\(\s*(?:'(\w+)'|context\.(publish)), keys\.(\w+)/g)]);
  return new Set(
    calls.flatMap(([, command, publish, name]) => {
      const type = TYPES.find(([of]) => of.test(command ?? publish!))?.[1];
      return type === undefined ? [] : [`${name!} ${type}`];
    }),
  );
}

describe('docs/redis-keys.md', () => {
  const document = keysInDocument();
  const sorted = (keys: { name: string; key: string }[]): string[] =>
    keys.map(({ name, key }) => `${name} ${key}`).sort();

  it('has every key of keys.lua, and no other', () => {
    expect(sorted(document)).toEqual(sorted(keysInCode()));
  });

  it('gives the type of each, as keys.lua does', () => {
    const typeOf = new Map(document.map(({ name, type }) => [name, type]));
    const typed = keysInCode().filter(({ type }) => type !== undefined);
    expect(typed.map(({ name }) => [name, typeOf.get(name)])).toEqual(typed.map(({ name, type }) => [name, type]));
  });

  it('gives the type of each, as the commands of the scripts use it', () => {
    const types = document.map(({ name, type }) => `${name} ${type}`);
    const used = [...typesInUse()];
    expect(used.length).toBeGreaterThan(40);
    expect(used.filter((each) => !types.includes(each))).toEqual([]);
  });
});
