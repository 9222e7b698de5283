import { afterEach } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import type { RedisStoreSettings } from '../../libs/scheduler/src/store/redis/redis-store-base.js';
import type { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import type { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { suiteServer } from '../support/suite-server.js';
import { Measured } from './script-times.js';

// These servers have no persistence, and the store warns of it at each connection.
Logger.overrideLogger(false);

/** A server for the tests of a block, and what they open on it, which is closed after each of them. */
export function redisSuite() {
  const server = suiteServer();
  const opened: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });

  return {
    /** @param historyCount executions that history keeps */
    settings: (namespace: string, testClock: ManualClock, historyCount = 1_000): RedisStoreSettings => ({
      connection: resolveRedisOptions({ port: server().port }),
      ...{ namespace, lease: 15_000, maxAttemptDuration: 3_600_000, testClock },
      history: { count: historyCount, age: null, bytes: null },
    }),
    async open<T extends RedisTaskStore>(store: T): Promise<T> {
      await store.open();
      opened.push(store);
      return store;
    },
    async measured(settings?: Partial<RedisStoreSettings>): Promise<Measured> {
      const measured = await Measured.open(server(), settings);
      opened.push(measured);
      return measured;
    },
    command: (...args: string[]): Promise<string> => server().command(...args),
    /** @returns the keys of a namespace that match, a line each */
    keysOf: async (namespace: string, pattern: string): Promise<string> =>
      (await server().command('KEYS', `{${namespace}}:${pattern}`)).trim(),
  };
}
