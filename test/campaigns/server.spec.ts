import { ALWAYS, exclusion } from './fixtures/checkers.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import * as faults from './fixtures/faults.js';
import { withLimits } from './fixtures/load.js';
import { limitsReached } from './fixtures/queue-checkers.js';

const { killServer, killClients, killSubscribers, pauseClients, flushScripts, flushFunctions } = faults;

campaignSuite(
  'server',
  'that is killed, pauses, and forgets its clients, scripts and functions',
  [killServer, killClients, killSubscribers, pauseClients, flushScripts, flushFunctions],
  [300, 900],
  {
    ...withLimits,
    checkers: [...ALWAYS, exclusion],
    evidence: (_, history) => ({ 'limit reached': limitsReached(history) }),
  },
);
