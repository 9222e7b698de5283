import { campaignSuite } from './fixtures/campaign-suite.js';
import * as faults from './fixtures/faults.js';

const { killWorker, freezeWorker, killServer, freezeServer, killClients, stall, lateRequest, dropReplies } = faults;

campaignSuite(
  'mixed',
  'faults of workers, the server and the network',
  [killWorker, freezeServer, lateRequest, freezeWorker, killServer, stall, killClients, dropReplies],
  [0, 200],
);
