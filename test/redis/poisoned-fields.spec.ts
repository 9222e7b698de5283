import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { heldUp, poisonedSuite } from './poisoned-suite.js';

const SOURCE = readFileSync(
  new URL('../../libs/scheduler/src/store/redis/lua/includes/fields.lua', import.meta.url),
  'utf8',
);
/** The letters of all fields of a state. */
const FIELDS = [...SOURCE.matchAll(/^ {2}\{ '(\w+)', '(\w+)'/gm)].map(
  ([, letters, name]) => [letters!, name!] as const,
);

/** Values of other types than a field's, as Lua. */
const VALUES: readonly (readonly [name: string, lua: string])[] = [
  ['a text', "'x'"],
  ['a number', '7'],
  ['a negative number', '-1'],
  ['an empty table', '{}'],
  ['a list of a number', '{ 5 }'],
  ['a list of an empty list', '{ {} }'],
  ['true', 'true'],
  ['nothing', 'nil'],
];

/** Sets a field of each of these rows that is a map of MessagePack. @returns how many there were */
const SPOIL = (value: string): string => `
local spoiled = 0
for i = 2, #ARGV do
  local text = redis.call('HGET', KEYS[1], ARGV[i])
  local ok, row = pcall(cmsgpack.unpack, text or '')
  if ok and type(row) == 'table' and string.byte(text) ~= 67 and string.byte(text) ~= 79 then
    row[ARGV[1]] = ${value}
    redis.call('HSET', KEYS[1], ARGV[i], cmsgpack.pack(row))
    spoiled = spoiled + 1
  end
end
return spoiled`;

const play = poisonedSuite();

/** Damages a field of the rows of victims in a hash, or of all rows if the victims have none. */
async function spoil(redis: Redis, key: string, victims: readonly string[], field: string, value: string) {
  const ids = await redis.hkeys(key);
  const ofVictims = ids.filter((id) => victims.some((victim) => id.includes(victim)));
  return Number(await redis.eval(SPOIL(value), 1, key, field, ...(ofVictims.length > 0 ? ofVictims : ids)));
}

describe.each(FIELDS)('a state whose field %s, %s,', (field) => {
  it.each(VALUES)('is %s does not block maintenance duties or other executions', async (_, value) => {
    const outcome = await play(async (redis, root, victims) => {
      expect(await spoil(redis, `${root}s`, victims, field, value)).toBeGreaterThan(0);
    });
    expect(outcome.failures).toEqual([]);
    expect(heldUp(outcome)).toEqual([]);
  });
});

/** Fields of other rows, by key. */
const OTHERS: readonly (readonly [key: string, fields: readonly string[]])[] = [
  ['e', ['lk', 'lt', 'lm', 'tags', 'sch']],
  ['l', ['order', 'token', 'at', 'holder', 'handle', 'reserved', 'handles']],
  ['lh', ['ttl', 'deadline', 'askedAt']],
  ['q', ['paused', 'max', 'per', 'concurrency', 'declaredBy', 'declaredTime', 'running', 'starts']],
  ['w', ['queues', 'slots', 'joined', 'started', 'rotation', 'draining']],
  ['id', ['id', 'fingerprint', 'expires']],
];

describe.each(OTHERS)('a row in %s', (key, fields) => {
  it.each(fields.flatMap((field) => VALUES.map(([name, value]) => [field, name, value] as const)))(
    'whose field %s is %s does not block maintenance duties or other executions',
    async (field, _, value) => {
      const outcome = await play(async (redis, root, victims) => {
        expect(await spoil(redis, root + key, victims, field, value)).toBeGreaterThan(0);
      });
      expect(outcome.failures).toEqual([]);
      expect(heldUp(outcome)).toEqual([]);
    },
  );
});
