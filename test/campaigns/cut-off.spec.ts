import { describe } from '@jest/globals';
import { IS_ASKED, type Campaign, type Fault, type Post } from './fixtures/campaign.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import { ALWAYS, fenced } from './fixtures/checkers.js';
import { anyPost, sleep } from './fixtures/faults.js';
import { LEASE_MS } from './fixtures/lease.js';
import { FENCED_TASK, kindsWith } from './fixtures/load.js';

/** One worker alone, for longer than its lease and the locks of its runs, while the others go on. */
const cutOff = (name: string, begin: (post: Post) => void): Fault => ({
  name,
  async strike(campaign: Campaign) {
    const post = anyPost(campaign);
    begin(post);
    await sleep(campaign.random.between(1.2, 2.5) * LEASE_MS);
    post.proxy.heal();
  },
});

// Only a longer run is certain to abort something: `npm run campaign -- cut-off`.
(IS_ASKED ? describe : describe.skip)('one worker alone', () => {
  campaignSuite(
    'cut-off',
    'workers abort what they run by their own clock, before others have its locks',
    [
      cutOff('one worker cut off, its packets lost', ({ proxy }) => proxy.blackhole()),
      cutOff('one worker cut off, its connections refused', ({ proxy }) => proxy.refuse()),
    ],
    [2_000, 3_000],
    {
      kinds: kindsWith('fenced'),
      tasks: [FENCED_TASK],
      checkers: [...ALWAYS, fenced],
      evidence: (_, { ledger }) => ({
        'run aborted by its signal': ledger.filter(({ what }) => what === 'aborted').length,
        'write under a lock': ledger.filter(({ what }) => what.startsWith('write:')).length,
      }),
    },
  );
});
