import type { Fault } from './fixtures/campaign.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import { SURVIVORS } from './fixtures/checkers.js';
import { ClusterTopology } from './fixtures/cluster-topology.js';
import { killWorker } from './fixtures/faults.js';

const killPrimary: Fault = {
  name: 'SIGKILL of the primary, and an election',
  async strike({ topology, losses }) {
    losses.push(await (topology as ClusterTopology).killPrimary());
  },
};

// What the replica had not got is lost, and may run again: that is promised to nobody. All that is left comes to its end.
campaignSuite('cluster-crash', 'elects a replica and leaves nothing behind', [killPrimary, killWorker], [500, 1_500], {
  open: () => ClusterTopology.start(1_500),
  checkers: SURVIVORS,
});
