import { afterAll, beforeAll } from '@jest/globals';
import { Redis } from 'ioredis';
import type { StoreStats } from '../../libs/scheduler/src/store/records.js';
import { taskRecordOf, TASKS } from '../contract/fixtures.js';
import { StoreFixture } from '../contract/store-fixture.js';
import { openRedisOn } from '../support/open-redis.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { populate } from './poisoned-population.js';

/** The outcome of a damaged population. */
export interface Outcome {
  /** Calls that failed, and why. */
  failures: string[];
  /** By group: how many were processed by their duty. */
  arrived: Record<string, number>;
  stats: StoreStats;
}

/** @param spoil what it does with the population; `root`: what its keys begin with */
export type Spoil = (redis: Redis, root: string, victims: readonly string[]) => Promise<unknown>;

/** A server for the tests of a file. @returns a function that damages a new population, runs all duties, and returns the outcome */
export function poisonedSuite(): (spoil: Spoil) => Promise<Outcome> {
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

  return async (spoil) => {
    const { store, clock, close } = await open({ history: { age: 4_000 } });
    const root = `{t${++namespaces}}:`;
    try {
      const s = new StoreFixture(store, clock);
      await store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
      const population = await populate(s);
      await spoil(redis, root, population.victims);
      const failures = await population.act();
      const arrived = await population.arrived();
      return { failures, arrived, stats: await store.stats() };
    } finally {
      await close();
    }
  };
}

/** Groups of three of which more than one was not processed by its duty. */
export function heldUp({ arrived }: Outcome): [group: string, count: number][] {
  return Object.entries(arrived).filter(([, count]) => count < 2);
}
