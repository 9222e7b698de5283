import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { HOUR } from '../contract/fixtures.js';
import type { RedisServer } from '../support/redis-server.js';
import { closeLater } from './fixtures.js';

/** A store in the namespace `step`, which is closed after the test. Its time is the server's. */
export async function openOn(
  server: RedisServer,
  { lease = 15_000, maxAttemptDuration = HOUR } = {},
): Promise<RedisTaskStore> {
  const store = new RedisTaskStore({
    connection: resolveRedisOptions({ port: server.port }),
    namespace: 'step',
    lease,
    maxAttemptDuration,
    history: { count: 1000, age: null, bytes: null },
  });
  await store.open();
  closeLater(() => store.close());
  return store;
}

/** Runs all due maintenance. */
export async function promoteAll(store: RedisTaskStore): Promise<void> {
  while ((await store.promote(PROMOTE_PER_STEP)).more);
}
