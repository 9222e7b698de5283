import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { SystemClock, type ClockTimer } from '../../libs/scheduler/src/core/clock.js';
import {
  RedisConnection,
  type RedisConnectionHooks,
  type ScriptLibrary,
} from '../../libs/scheduler/src/store/redis/connection/redis-connection.js';
import {
  resolveRedisOptions,
  type RedisStoreOptions,
} from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { startRedis, type RedisServer, type RedisServerOptions } from '../support/redis-server.js';

export const ROOT = '{test}:';

const TEXTS: Record<string, string> = {
  echo: '#!lua flags=no-writes\nreturn ARGV',
  count: "#!lua\nreturn redis.call('INCR', KEYS[1] .. 'count')",
  // Like every script of the store: a repeated operation changes nothing and returns the same reply.
  once: `#!lua
local known = redis.call('HGET', KEYS[1] .. 'replies', ARGV[1])
if known then return tonumber(known) end
local count = redis.call('INCR', KEYS[1] .. 'count')
redis.call('HSET', KEYS[1] .. 'replies', ARGV[1], count)
return count`,
  fill: "#!lua\nreturn redis.call('SET', KEYS[1] .. ARGV[1], ARGV[2])",
  settle: "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1] .. ARGV[1], ARGV[2])",
  spin: `#!lua flags=no-writes
-- From Redis 7.2 on the time stands still while a script runs; there it is the time of the CPU.
local isFrozen = redis.REDIS_VERSION_NUM >= 0x00070200
local function now()
  if isFrozen then return os.clock() * 1000 end
  local time = redis.call('TIME')
  return time[1] * 1000 + time[2] / 1000
end
local finish = now() + ARGV[1]
while now() < finish do end
return 'done'`,
  read: "#!lua flags=no-writes\nreturn redis.call('GET', KEYS[1] .. ARGV[1])",
  wrong: "#!lua\nreturn redis.call('LPUSH', KEYS[1] .. 'count', ARGV[1])",
};

/** @param release another one has functions of other names, side by side with these */
export function libraryOf(release: string): ScriptLibrary {
  const functions = Object.entries(TEXTS).map(([name, text]) => {
    const [first, ...body] = text.split('\n');
    const flags = /flags=(\S+)/.exec(first!)?.[1];
    return `redis.register_function{ function_name = '${release}_${name}', flags = { ${flags ? `'${flags}'` : ''} },
callback = function(KEYS, ARGV)
${body.join('\n')}
end }`;
  });
  const scripts = Object.entries(TEXTS).map(([name, text]) => {
    const sha = createHash('sha1').update(text).digest('hex');
    return [name, { name, text, sha, function: `${release}_${name}`, readOnly: text.includes('no-writes') }] as const;
  });
  return {
    name: `scheduler_${release}`,
    text: `#!lua name=scheduler_${release}\n${functions.join('\n')}`,
    scripts: new Map(scripts),
  };
}

const LIBRARY = libraryOf('test');

/** Waits a tenth of the time, for tests of a budget of ten seconds. */
export class FastClock extends SystemClock {
  override setTimer(ms: number, fn: () => void): ClockTimer {
    return super.setTimer(ms / 10, fn);
  }

  override setRepeating(ms: number, fn: () => void): ClockTimer {
    return super.setRepeating(ms / 10, fn);
  }

  override monotonic(): number {
    return super.monotonic() * 10;
  }
}

const closers: (() => Promise<unknown>)[] = [];

/** For afterEach: closes in the opposite order of opening. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

export function closeLater(close: () => Promise<unknown>): void {
  closers.push(close);
}

export async function serve(options: RedisServerOptions = {}): Promise<RedisServer> {
  // It has no persistence, and the store warns of it at each connection.
  Logger.overrideLogger(false);
  const server = await startRedis(options);
  closeLater(() => server.stop());
  return server;
}

export async function proxyTo(server: RedisServer): Promise<FaultProxy> {
  const proxy = await FaultProxy.start(server.port);
  closeLater(() => proxy.close());
  return proxy;
}

/** A connection that is not connected yet, and its warnings. */
export function connection(options: RedisStoreOptions, hooks: RedisConnectionHooks = {}, library = LIBRARY) {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const redis = new RedisConnection(resolveRedisOptions(options), library, { warn, ...hooks });
  closeLater(() => redis.close());
  return { redis, warnings };
}

export async function connect(options: RedisStoreOptions, hooks: RedisConnectionHooks = {}, library = LIBRARY) {
  const opened = connection(options, hooks, library);
  await opened.redis.connect();
  return opened;
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<any> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('was not rejected');
}

/** Promises of a callback's next calls, in order. */
export function calls<T>(): { next: () => Promise<T>; call: (value: T) => void } {
  const values: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return {
    next: () =>
      values.length > 0 ? Promise.resolve(values.shift()!) : new Promise((resolve) => waiting.push(resolve)),
    call: (value) => {
      const first = waiting.shift();
      if (first) first(value);
      else values.push(value);
    },
  };
}
