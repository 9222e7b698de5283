import { describe } from '@jest/globals';
import { openEmbedded } from '../support/open-embedded.js';
import { openRedisOn } from '../support/open-redis.js';
import { suiteServer } from '../support/suite-server.js';
import { openMemory } from './open-memory.js';
import { randomGraphs } from './random-graphs.js';

randomGraphs('memory', openMemory);
randomGraphs('embedded', openEmbedded());

describe('redis', () => {
  randomGraphs('redis', openRedisOn(suiteServer()));
});
