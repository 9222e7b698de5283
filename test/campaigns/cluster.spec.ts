import type { Fault } from './fixtures/campaign.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import { ClusterTopology } from './fixtures/cluster-topology.js';
import { killWorker } from './fixtures/faults.js';

const changeRoles: Fault = {
  name: 'CLUSTER FAILOVER',
  strike: ({ topology }) => (topology as ClusterTopology).changeRoles(),
};

/** Stands half here and half there for up to twice a lease. */
const moveSlot: Fault = {
  name: 'slot moved away and back',
  async strike({ topology, random }) {
    const cluster = topology as ClusterTopology;
    await cluster.moveSlot(random.pick(cluster.targets), random.between(50, 3_000));
  },
};

campaignSuite(
  'cluster',
  'whose nodes change roles and whose slot moves loses nothing',
  [changeRoles, moveSlot, killWorker],
  [300, 900],
  // No node is ever taken for dead.
  { open: () => ClusterTopology.start(60_000) },
);
