import { ALWAYS, exclusion } from './fixtures/checkers.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import * as faults from './fixtures/faults.js';

const { killServer, killClients, killSubscribers, pauseClients, flushScripts } = faults;

campaignSuite(
  'server',
  'that is killed, pauses, and forgets its clients and scripts',
  [killServer, killClients, killSubscribers, pauseClients, flushScripts],
  [300, 900],
  { checkers: [...ALWAYS, exclusion] },
);
