import { Logger } from '@nestjs/common';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { historySettings } from '../../libs/scheduler/src/store/history-settings.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import type { OpenStore } from '../contract/fixtures.js';
import type { RedisServer } from './redis-server.js';

// A test's server keeps nothing on disk on purpose, and is told so at each connect.
Logger.overrideLogger(false);

let namespaces = 0;

/** Opens stores on a real server, each in a namespace of its own, with a clock that a test turns. */
export function openRedisOn(server: () => RedisServer, cluster = false, insertsPerCall?: number): OpenStore {
  return async ({ lease = 15_000, maxAttemptDuration = 3_600_000, history } = {}) => {
    const clock = new ManualClock();
    const { port } = server();
    const where = cluster ? { cluster: [{ host: '127.0.0.1', port }] } : { port };
    const store = new RedisTaskStore({
      connection: resolveRedisOptions(where),
      namespace: `t${++namespaces}`,
      lease,
      maxAttemptDuration,
      insertsPerCall,
      history: historySettings(history),
      testClock: clock,
    });
    await store.open();
    return { store, clock, close: () => store.close() };
  };
}
