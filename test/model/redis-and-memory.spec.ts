import { describe } from '@jest/globals';
import { openRedisOn } from '../support/open-redis.js';
import { suiteServer } from '../support/suite-server.js';
import { compareSuite } from './compare-stores.js';
import { openMemory } from './open-memory.js';
import { repeatingExchanges } from './wrap-store.js';

describe('redis', () => {
  const server = suiteServer();
  const openRedis = openRedisOn(server);
  const inParts = openRedisOn(server, false, 1);

  compareSuite('memory and redis', openMemory, openRedis, { runs: 20 });
  compareSuite('memory and redis with a short history', openMemory, openRedis, { runs: 15, historyCount: 3 });
  compareSuite('memory, and redis with batches in parts', openMemory, inParts, {
    runs: 10,
    // An execution can end before the last part of its edges is bound, and so before an upstream that waits for it.
    anyHistoryOrder: true,
  });
  compareSuite('memory, and redis with every exchange repeated', openMemory, repeatingExchanges(openRedis), {
    runs: 10,
    historyCount: 10,
  });
});
