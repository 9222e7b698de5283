import { afterAll, beforeAll, describe } from '@jest/globals';
import { openRedisOn } from '../support/open-redis.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { storeContract } from './store-contract.js';

describe.each([
  { name: 'redis', cluster: false },
  { name: 'redis, a cluster of one node', cluster: true },
])('$name', ({ name, cluster }) => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis({ cluster });
  });

  afterAll(() => server.stop());

  storeContract(
    name,
    openRedisOn(() => server, cluster),
  );
});
