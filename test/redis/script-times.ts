import { expect, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import type { RedisStoreSettings } from '../../libs/scheduler/src/store/redis/redis-store-base.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { taskRecordOf, TASKS } from '../contract/fixtures.js';
import { StoreFixture } from '../contract/store-fixture.js';
import type { RedisServer } from '../support/redis-server.js';

/** ms that the slowest script may take, on a machine that runs {@link REFERENCE} in {@link REFERENCE_MS}. */
const SLOWEST = 50;
/** A script that does what most do: writes and reads of hashes, and work on their texts. */
const REFERENCE = `
  for i = 1, 2000 do
    redis.call('HSET', KEYS[1], 'f' .. i % 50, string.rep('x', i % 200))
    local text = redis.call('HGET', KEYS[1], 'f' .. i % 50)
    if #text ~= i % 200 then error('a field was lost') end
  end
  redis.call('DEL', KEYS[1])`;
const REFERENCE_MS = 5;

let namespaces = 0;

/** Repeats the failed tests of a file that measures what can happen only once: other processes can slow a script down. */
export function repeatWhenSlow(): void {
  jest.retryTimes(2, { logErrorsBeforeRetry: true });
}

/** A store that records the size of its requests and replies, in characters. */
class SizedStore extends RedisTaskStore {
  largestRequest = 0;
  largestReply = 0;

  constructor(settings: RedisStoreSettings) {
    super(settings);
    const run = this.connection.run.bind(this.connection);
    this.connection.run = async (name, key, args, ...rest) => {
      this.largestRequest = Math.max(this.largestRequest, sizeOf(args));
      const reply = await run(name, key, args, ...rest);
      this.largestReply = Math.max(this.largestReply, sizeOf(reply));
      return reply;
    };
  }
}

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + sizeOf(each), 0);
  return typeof value === 'string' ? value.length : 8;
}

/** A store on a server, and how long the server took for the slowest of the scripts that it ran. */
export class Measured {
  /** Rounds of the last {@link slowestOf}. */
  rounds = 0;

  private constructor(
    readonly s: StoreFixture,
    readonly store: SizedStore,
    private readonly client: Redis,
  ) {}

  static async open(server: RedisServer, settings: Partial<RedisStoreSettings> = {}): Promise<Measured> {
    const clock = new ManualClock();
    const store = new SizedStore({
      connection: resolveRedisOptions({ port: server.port }),
      ...{ namespace: `bounds${++namespaces}`, lease: 15_000, maxAttemptDuration: 3_600_000, testClock: clock },
      history: { count: 20_000, age: null, bytes: null },
      ...settings,
    });
    await store.open();
    const client = new Redis(server.port, server.host);
    await client.config('SET', 'slowlog-log-slower-than', '0');
    await client.config('SET', 'slowlog-max-len', '20000');
    await store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
    return new Measured(new StoreFixture(store, clock), store, client);
  }

  /** Calls `run`. @returns its value, and ms of the slowest command during the call, as {@link slowestOf} returns them */
  async slowest<T>(run: () => Promise<T>): Promise<{ value: T; ms: number; calls: number }> {
    const slowness = Math.max(1, await this.slowness());
    await this.client.slowlog('RESET');
    const before = await this.scriptCalls();
    const value = await run();
    const calls = (await this.scriptCalls()) - before;
    const entries = (await this.client.slowlog('GET', '10000')) as [number, number, number, string[]][];
    return { value, ms: Math.max(0, ...entries.map(([, , us]) => us)) / 1000 / slowness, calls };
  }

  /**
   * Calls `run` until its scripts are within the bound. Other processes can slow a script down, so for each script, by its
   * position, the minimum of all rounds counts, and a machine that is slow at the time is allowed more.
   * @param most rounds at most
   * @param run is given the number of its round
   * @returns ms of the slowest script, on a machine that is not slower than most
   */
  async slowestOf(most: number, run: (round: number) => Promise<unknown>): Promise<number> {
    let least: number[] = [];
    let slowest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < most && slowest >= SLOWEST; round++) {
      this.rounds = round + 1;
      const before = await this.slowness();
      await this.client.slowlog('RESET');
      await run(round);
      const measured = await this.scriptTimes();
      const slowness = Math.max(1, Math.min(before, await this.slowness()));
      const times = measured.map((ms) => ms / slowness);
      least = Array.from({ length: Math.max(least.length, times.length) }, (_, i) =>
        Math.min(least[i] ?? Number.POSITIVE_INFINITY, times[i] ?? Number.POSITIVE_INFINITY),
      );
      slowest = Math.max(...least);
    }
    return slowest;
  }

  /** How many times as long as on most machines the reference script takes now. */
  private async slowness(): Promise<number> {
    await this.client.slowlog('RESET');
    await this.client.eval(REFERENCE, 1, 'reference');
    return Math.max(...(await this.scriptTimes())) / REFERENCE_MS;
  }

  /** ms of each script since the log was reset, in order. */
  private async scriptTimes(): Promise<number[]> {
    const entries = (await this.client.slowlog('GET', '20000')) as [number, number, number, string[]][];
    const scripts = entries.filter(([, , , [command = '']]) => /^(fcall|evalsha|eval)/i.test(command));
    return scripts.reverse().map(([, , us]) => us / 1000);
  }

  async close(): Promise<void> {
    await this.store.close();
    this.client.disconnect();
  }

  private async scriptCalls(): Promise<number> {
    const info = await this.client.info('commandstats');
    const calls = [...info.matchAll(/cmdstat_(?:evalsha|eval|fcall):calls=(\d+)/g)].map(([, count]) => Number(count));
    return calls.reduce((sum, count) => sum + count, 0);
  }
}

/** @param times ms of the slowest script, by what was done, as `slowestOf` returns them */
export function expectBounded(times: Record<string, number>): void {
  if (process.env['SHOW_TIMES']) process.stdout.write(`${JSON.stringify(times)}\n`);
  for (const [what, ms] of Object.entries(times)) expect([what, ms < SLOWEST ? SLOWEST : ms]).toEqual([what, SLOWEST]);
}
