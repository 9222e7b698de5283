import { ALWAYS, exclusion } from './fixtures/checkers.js';
import { IS_ASKED } from './fixtures/campaign.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import * as faults from './fixtures/faults.js';
import { withLimits } from './fixtures/load.js';
import { limitsReached } from './fixtures/queue-checkers.js';
import { DURABLE, standalone } from './fixtures/topology.js';

const { killServer, killClients, killSubscribers, pauseClients, flushScripts, flushFunctions } = faults;
const always = [killServer, killClients, killSubscribers, pauseClients];
const settings = {
  ...withLimits,
  checkers: [...ALWAYS, exclusion],
  evidence: (_, history) => ({ 'limit reached': limitsReached(history) }),
} satisfies Parameters<typeof campaignSuite>[4];

campaignSuite(
  'server',
  'that is killed, pauses, and forgets its clients and functions',
  [...always, flushFunctions],
  [300, 900],
  settings,
);

// The same through scripts, where a server has no functions: `npm run campaign -- server`.
if (IS_ASKED)
  campaignSuite(
    'server-scripts',
    'without functions that is killed, pauses, and forgets its clients and scripts',
    [...always, flushScripts],
    [300, 900],
    { ...settings, open: () => standalone({ args: [...DURABLE, '--rename-command', 'FCALL', ''] }) },
  );
