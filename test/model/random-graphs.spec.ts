import { afterAll, beforeAll, describe } from '@jest/globals';
import { openEmbedded } from '../support/open-embedded.js';
import { openRedisOn } from '../support/open-redis.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { openMemory } from './open-memory.js';
import { randomGraphs } from './random-graphs.js';

randomGraphs('memory', openMemory);
randomGraphs('embedded', openEmbedded());

describe('redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(() => server.stop());

  randomGraphs(
    'redis',
    openRedisOn(() => server),
  );
});
