import { IS_ASKED, SECONDS } from './fixtures/campaign.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import { ALWAYS } from './fixtures/checkers.js';
import { killWorker } from './fixtures/faults.js';
import { kindsWith } from './fixtures/load.js';
import { recoversWithin, recovery } from './fixtures/recovery.js';

/** Among the other suites processors are busy: there, this many times as long. */
const PATIENCE = IS_ASKED ? 1 : 3;

/** A lease, and within how many ms of a kill what ran must run again. */
const PROFILES = [
  ['recovery-fast', '5s', 7_000],
  ['recovery', '15s', 18_000],
] as const;

// A lease of the default length takes longer than a short run of the tests.
for (const [name, lease, limit] of SECONDS >= 30 ? PROFILES : PROFILES.slice(0, 1))
  campaignSuite(name, `of what killed workers ran, with a lease of ${lease}`, [killWorker], [500, 2_000], {
    options: { lease },
    // So that two workers of three have slots for what comes back.
    rate: 50,
    checkers: [...ALWAYS, recoversWithin(PATIENCE * limit)],
    kinds: kindsWith('long'),
    evidence: (_, history) => ({ 'lost run that ran again': recovery(history).restarts?.count ?? 0 }),
  });
