import type { Fault } from './fixtures/campaign.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import { lost, SURVIVORS } from './fixtures/checkers.js';
import { killWorker } from './fixtures/faults.js';
import { SentinelTopology } from './fixtures/topology.js';

const failOver: Fault = {
  name: 'failover to a replica that lags',
  async strike({ topology, random, losses }) {
    losses.push(await (topology as SentinelTopology).failOver(random.between(200, 1_500)));
  },
};

// What the replica had not got is lost, and may run again: that is promised to nobody. All that is left comes to its end.
campaignSuite('failover', 'to a lagging replica leaves nothing behind', [failOver, killWorker], [500, 1_500], {
  open: () => SentinelTopology.start(),
  checkers: SURVIVORS,
  evidence: (_, history) => ({ 'acknowledged and not on the replica': lost(history).length }),
});
