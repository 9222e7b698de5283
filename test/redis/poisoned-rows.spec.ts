import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { mirrorOf, TASKS } from '../contract/fixtures.js';
import { Scene } from '../contract/scene.js';
import { openRedisOn } from '../support/open-redis.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { populate } from './poisoned-scene.js';

/** A map of these names, each with the text 'x'. */
function packed(names: readonly string[]): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([0xa0 + value.length]), Buffer.from(value)]);
  return Buffer.concat([Buffer.from([0x80 + names.length]), ...names.flatMap((name) => [text(name), text('x')])]);
}

/** Texts, MessagePack and JSON of other kinds than any reader expects. */
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
  ...['x', 'all', 'h', 'hf', 'hx', 'hk', 'hg', 'dl', 'et', 'lw', 'lx', 'gr', 'bd', 'in', 'ac', 'cont', 'lh', 'pr', 'q'],
  ...['ut', 'tn', 'w', 'wh', 'wl', 'wi', 'ha', 'ln', 'wo', 'sc', 'sd', 'sn:app', 'id', 'ie', 'er', 'nd', 'op'],
  ...['r:default:2', 'run', 'dp:victim', 'pk', 'pw', 'nx:parent', 'wk'],
] as const;
/** What is empty in the scene, or not the victims'. */
const EMPTY: Readonly<Record<string, 'list' | 'zset' | 'hash'>> = {
  ...{ hg: 'list', cont: 'list', ac: 'list', hk: 'list', hx: 'list', in: 'zset', ut: 'zset', ha: 'hash' },
  ...{ tn: 'hash', 'sn:app': 'zset', 'r:default:2': 'list', 'dp:victim': 'list', 'nx:parent': 'zset' },
};

let server: RedisServer;
let redis: Redis;
let namespaces = 0;
const open = openRedisOn(() => server);
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.port);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** Puts a text in the place of what is stored of a victim, or before all others. @returns whether anything was there */
async function poison(root: string, row: string, victims: readonly string[], text: Buffer): Promise<boolean> {
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

/** @param spoil what it does with the population */
async function play(spoil: (root: string, victims: readonly string[]) => Promise<void>) {
  const { store, clock, close } = await open({ history: { age: 4_000 } });
  const root = `{t${++namespaces}}:`;
  try {
    const s = new Scene(store, clock);
    await store.putTasks(TASKS.map((taskId) => mirrorOf(taskId)));
    const population = await populate(s);
    await spoil(root, population.victims);
    return { failures: await population.act(), arrived: await population.arrived() };
  } finally {
    await close();
  }
}

it('without a poisoned row each duty is done', async () => {
  const { failures, arrived } = await play(async () => undefined);
  expect(failures).toEqual([]);
  expect(Object.entries(arrived).filter(([, count]) => count !== 3)).toEqual([]);
});

describe.each(ROWS)('a poisoned row in %s', (row) => {
  it.each(POISONS)('holds up no duty, and nothing else: %s', async (_, text) => {
    const { failures, arrived } = await play(async (root, victims) => {
      expect(await poison(root, row, victims, text)).toBe(true);
    });
    expect(failures).toEqual([]);
    expect(Object.entries(arrived).filter(([, count]) => count < 2)).toEqual([]);
  });
});
