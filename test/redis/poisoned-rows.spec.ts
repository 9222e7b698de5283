import { describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { heldUp, poisonedSuite } from './poisoned-suite.js';

/** A map of these names, each with the text 'x'. */
function packed(names: readonly string[]): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([0xa0 + value.length]), Buffer.from(value)]);
  return Buffer.concat([Buffer.from([0x80 + names.length]), ...names.flatMap((name) => [text(name), text('x')])]);
}

/** Texts, MessagePack and JSON of unexpected types. */
const POISONS: readonly (readonly [name: string, text: Buffer])[] = [
  ['nothing', Buffer.from('')],
  ['garbage', Buffer.from('garbage')],
  ['a bar', Buffer.from('|')],
  ['MessagePack of a number', Buffer.from([0x05])],
  ['MessagePack of other types', packed(['queues', 'max', 'deadline'])],
  ['JSON of another type', Buffer.from('{"id":5}')],
];

/** Rows by the first part of their key. Numbers (`m`, `c`, `ho`, `win`) are no rows. */
const ROWS = [
  ...['x', 's', 'e', 'l', 't', 'wf', 'ws', 'ed'],
  ...['all', 'h', 'hf', 'hx', 'hk', 'hg', 'dl', 'et', 'lw', 'lx', 'gr', 'bd', 'in', 'ac', 'cont', 'lh', 'pr', 'q'],
  ...['ut', 'tn', 'w', 'wh', 'wl', 'wi', 'ha', 'ln', 'wo', 'sc', 'sd', 'sn:app', 'id', 'ie', 'er', 'nd', 'op'],
  ...['r:default:2', 'run', 'dp:victim', 'pk', 'pw', 'nx:parent', 'wk', 'dd'],
] as const;
/** Rows that are counted as set aside when a duty finds them damaged. */
const COUNTED: ReadonlySet<string> = new Set(['x', 's', 'l', 'ws', 'q']);
/** What is empty in the population, or not of the victims'. */
const EMPTY: Readonly<Record<string, 'list' | 'zset' | 'hash'>> = {
  ...{ hg: 'list', cont: 'list', ac: 'list', hk: 'list', hx: 'list', in: 'zset', ut: 'zset', ha: 'hash' },
  ...{ dd: 'zset', tn: 'hash', 'sn:app': 'zset', 'r:default:2': 'list', 'dp:victim': 'list', 'nx:parent': 'zset' },
};

const play = poisonedSuite();

/** Puts a text in the place of what is stored of a victim, or before all others. @returns whether anything was there */
async function poison(
  redis: Redis,
  root: string,
  row: string,
  victims: readonly string[],
  text: Buffer,
): Promise<boolean> {
  const all = [...(await redis.keys(`${root}${row}`)), ...(await redis.keys(`${root}${row}:*`))];
  const isOfVictim = (name: string): boolean => victims.some((victim) => name.includes(victim));
  const found = all.some(isOfVictim) ? all.filter(isOfVictim) : all.slice(0, 1);
  if (found.length === 0 && EMPTY[row]) found.push(`${root}${row}`);
  for (const key of found) {
    const type = await redis.type(key);
    const kind = type === 'none' ? EMPTY[row] : type;
    if (kind === 'list') await redis.lpush(key, text);
    else if (kind === 'zset') await redis.zadd(key, 1, text);
    else if (kind === 'set') await redis.sadd(key, text);
    else {
      const fields = await redis.hkeys(key);
      const ofVictims = fields.filter(isOfVictim);
      for (const field of ofVictims.length > 0 ? ofVictims : fields.slice(0, 1)) await redis.hset(key, field, text);
      if (fields.length === 0) await redis.hset(key, 'field', text);
    }
  }
  return found.length > 0;
}

it('without a poisoned row each duty is done', async () => {
  const { failures, arrived, stats } = await play(async () => undefined);
  expect(failures).toEqual([]);
  expect(Object.entries(arrived).filter(([, count]) => count !== 3)).toEqual([]);
  expect(stats.setAside).toBe(0);
});

describe.each(ROWS)('a poisoned row in %s', (row) => {
  it.each(POISONS)('does not block maintenance duties or other executions: %s', async (_, text) => {
    const outcome = await play(async (redis, root, victims) => {
      expect(await poison(redis, root, row, victims, text)).toBe(true);
    });
    expect(outcome.failures).toEqual([]);
    expect(heldUp(outcome)).toEqual([]);
    // The text of a queue without pause and limits is empty.
    const isDamaged = row !== 'q' || text.length > 0;
    if (COUNTED.has(row) && isDamaged) expect(outcome.stats.setAside).toBeGreaterThan(0);
  });
});
