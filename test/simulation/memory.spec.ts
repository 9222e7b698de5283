import { memoryServer } from './fixtures/open-memory.js';
import { simulationSuite } from './fixtures/simulation-suite.js';

simulationSuite('memory', 150, memoryServer());
