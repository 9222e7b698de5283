import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RedisServer } from './server.js';

/** What Redis does with comparable commands when nothing else has to be done. */
export interface Limit {
  title: string;
  pipeline: number;
  /** Jobs, not commands, where a command carries many. */
  perSecond: number;
  redisUs: number;
}

const RECORD = 'x'.repeat(100);
const BATCH = 100;
const IDS = Array.from({ length: BATCH }, (_, i) => `id${i}`);

/** One record and its place in a queue. */
const ADD = `#!lua
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('RPUSH', KEYS[2], ARGV[1])`;

/** The same for many, in two commands; the queue is trimmed, so it does not grow. */
const ADD_MANY = `#!lua
local n = #ARGV / 2
redis.call('HSET', KEYS[1], unpack(ARGV))
local ids = {}
for i = 1, n do ids[i] = ARGV[2 * i - 1] end
redis.call('RPUSH', KEYS[2], unpack(ids))
return redis.call('LTRIM', KEYS[2], -1000, -1)`;

/** What no exchange can do without: take from the queue, note as running, give the record; end, keep in history, trim. */
const EXCHANGE = `#!lua
local ids = redis.call('LPOP', KEYS[2], ARGV[1])
redis.call('RPUSH', KEYS[2], unpack(ids))
redis.call('SADD', KEYS[3], unpack(ids))
local records = redis.call('HMGET', KEYS[1], unpack(ids))
redis.call('SREM', KEYS[3], unpack(ids))
redis.call('RPUSH', KEYS[4], unpack(ids))
redis.call('LTRIM', KEYS[4], -1000, -1)
return records`;

/** @returns nothing where there is no redis-benchmark */
export async function measureLimits(server: RedisServer, quick: boolean): Promise<Limit[]> {
  const { client } = server;
  const limits: Limit[] = [];
  const script = (text: string): Promise<string> => client.script('LOAD', text) as Promise<string>;
  const measure = async (title: string, pipeline: number, jobs: number, command: string[]): Promise<void> => {
    const count = Math.ceil((quick ? 20_000 : 400_000) / Math.min(jobs, 10));
    const before = await server.sample();
    const perSecond = await benchmark(server.port, count, pipeline, command);
    const after = await server.sample();
    limits.push({
      title,
      pipeline,
      perSecond: perSecond * jobs,
      redisUs: (after.cpuUs - before.cpuUs) / (count * jobs),
    });
  };
  try {
    for (const pipeline of [1, 16, 50]) {
      await measure('PING', pipeline, 1, ['PING']);
      await measure('RPUSH of 100 bytes', pipeline, 1, ['RPUSH', 'list', RECORD]);
      await measure('add in a script, one job a call', pipeline, 1, [
        ...['EVALSHA', await script(ADD), '2', 'records', 'queue'],
        ...['id:__rand_int__', RECORD],
      ]);
      await client.flushall();
    }
    await measure(`add in a script, ${BATCH} jobs a call`, 1, BATCH, [
      ...['EVALSHA', await script(ADD_MANY), '2', 'records', 'queue'],
      ...IDS.flatMap((id) => [`${id}:__rand_int__`, RECORD]),
    ]);
    await client.flushall();
    await client.hset('records', Object.fromEntries(IDS.map((id) => [id, RECORD])));
    for (let i = 0; i < 100; i++) await client.rpush('queue', ...IDS);
    await measure(`claim and settle in a script, ${BATCH} jobs a call`, 1, BATCH, [
      ...['EVALSHA', await script(EXCHANGE), '4', 'records', 'queue', 'running', 'history', `${BATCH}`],
    ]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    console.error('no redis-benchmark on the PATH: the physical limit is left out');
  }
  await client.flushall();
  return limits;
}

async function benchmark(port: number, count: number, pipeline: number, command: string[]): Promise<number> {
  const fixed = ['-p', `${port}`, '-c', '50', '-n', `${count}`, '-P', `${pipeline}`, '-r', '100000', '--csv'];
  const { stdout } = await promisify(execFile)('redis-benchmark', [...fixed, ...command]);
  const line = stdout.trim().split('\n').at(-1) ?? '';
  const perSecond = Number(/","([\d.]+)"/.exec(line)?.[1]);
  if (!Number.isFinite(perSecond)) throw new Error(`redis-benchmark printed no rate: ${stdout}`);
  return perSecond;
}
