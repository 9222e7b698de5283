import { afterAll, beforeAll, describe } from '@jest/globals';
import { openRedisOn } from '../support/open-redis.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { crashingSequence } from './commands.js';
import { modelSuite } from './model-suite.js';

describe('redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(() => server.stop());

  const openRedis = openRedisOn(() => server);

  modelSuite('redis', openRedis, { runs: 30 });
  modelSuite('redis with a short history', openRedis, { runs: 20, historyCount: 3 });
  modelSuite('redis with workers that crash again and again', openRedis, { runs: 10, commands: crashingSequence });
});
