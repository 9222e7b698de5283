import { afterAll, beforeAll, describe } from '@jest/globals';
import { openRedisOn } from '../support/open-redis.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { crashingSequence } from './commands.js';
import { compareSuite } from './compare-stores.js';
import { modelSuite } from './model-suite.js';
import { openMemory } from './open-memory.js';
import { repeatingExchanges } from './wrap-store.js';

describe('redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(() => server.stop());

  const openRedis = openRedisOn(() => server);

  modelSuite('redis', openRedis, { runs: 60 });
  modelSuite('redis with a short history', openRedis, { runs: 40, historyCount: 3 });
  modelSuite('redis with workers that crash again and again', openRedis, { runs: 20, commands: crashingSequence });
  compareSuite('memory and redis', openMemory, openRedis, { runs: 60 });
  compareSuite('memory and redis with a short history', openMemory, openRedis, { runs: 60, historyCount: 3 });
  compareSuite(
    'memory, and redis with batches in parts',
    openMemory,
    openRedisOn(() => server, false, 1),
    {
      runs: 40,
    },
  );
  compareSuite('memory, and redis with every exchange repeated', openMemory, repeatingExchanges(openRedis), {
    runs: 30,
    historyCount: 10,
  });
});
