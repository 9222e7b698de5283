import { afterAll, beforeAll, describe } from '@jest/globals';
import { openRedisOn } from '../support/open-redis.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { storeContract } from './store-contract.js';

// Without functions, every verb is a separate script.
describe('redis without functions', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis({ args: ['--rename-command', 'FCALL', ''] });
  });

  afterAll(() => server.stop());

  storeContract(
    'redis without functions',
    openRedisOn(() => server),
  );
});
