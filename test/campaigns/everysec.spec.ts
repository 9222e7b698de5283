import { campaignSuite } from './fixtures/campaign-suite.js';
import { SURVIVORS } from './fixtures/checkers.js';
import { killServer, killWorker } from './fixtures/faults.js';
import { EVERY_SECOND, standalone } from './fixtures/topology.js';

// What a kill costs here is published, and may be more than nothing.
campaignSuite('everysec', 'of a server that is killed leaves nothing behind', [killServer, killWorker], [300, 1_500], {
  open: () => standalone({ args: EVERY_SECOND }),
  checkers: SURVIVORS,
});
