import { afterAll, beforeAll } from '@jest/globals';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { redisServer } from './fixtures/open-redis.js';
import { simulationSuite } from './fixtures/simulation-suite.js';

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(() => server.stop());

simulationSuite(
  'redis',
  12,
  redisServer(() => server),
);
