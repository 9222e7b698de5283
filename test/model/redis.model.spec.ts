import { describe } from '@jest/globals';
import { openRedisOn } from '../support/open-redis.js';
import { suiteServer } from '../support/suite-server.js';
import { crashingSequence } from './commands.js';
import { modelSuite } from './model-suite.js';
import { askingFirst } from './wrap-store.js';

describe('redis', () => {
  const server = suiteServer();
  const openRedis = openRedisOn(server);

  modelSuite('redis', openRedis, { runs: 20 });
  modelSuite('redis with a short history', openRedis, { runs: 10, historyCount: 3 });
  modelSuite('redis that is asked first what is due', askingFirst(openRedis), { runs: 10 });
  modelSuite('redis with workers that crash again and again', openRedis, { runs: 10, commands: crashingSequence });
});
