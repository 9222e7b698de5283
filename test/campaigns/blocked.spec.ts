import { campaignSuite } from './fixtures/campaign-suite.js';
import { ALWAYS, undisturbed } from './fixtures/checkers.js';
import { stopWorker } from './fixtures/faults.js';
import { kindsWith, withLimits } from './fixtures/load.js';

campaignSuite('blocked', 'event loops, for up to three leases, lose no run', [stopWorker], [2_000, 4_000], {
  ...withLimits,
  kinds: kindsWith('limited', 'blocking'),
  checkers: [...ALWAYS, undisturbed],
  evidence: (_, { acknowledged }) => ({
    'event loop blocked': acknowledged.filter(({ kind }) => kind === 'blocking').length,
  }),
});
