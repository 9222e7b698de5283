import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.js';
import { worksAgain } from './fixtures/alive.js';
import type { Campaign, Fault } from './fixtures/campaign.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import { ALWAYS, undisturbed } from './fixtures/checkers.js';
import { replace, sleep } from './fixtures/faults.js';
import { withLimits } from './fixtures/load.js';
import { EVERY_SECOND, standalone } from './fixtures/topology.js';

/** Calls that were refused, by code. */
const refused = new Map<string, number>();

async function mustBeRefused({ producer }: Campaign, code: string): Promise<void> {
  const text = await producer.scheduler('scheduleTask', 'work').then(
    () => 'was accepted',
    (error: Error) => error.message,
  );
  if (!text.includes(WORDS[code]!)) throw new Error(`with ${code}, a submission ${text}`);
  refused.set(code, (refused.get(code) ?? 0) + 1);
}
const WORDS: Record<string, string> = {
  STORE_FULL: 'the store is full and accepts no new work',
  STORE_READONLY: 'the store accepts no writes',
};

/** Does something while the server may keep no more. */
async function whileFull(campaign: Campaign, act: () => Promise<void>): Promise<void> {
  const { primary } = campaign.topology;
  await primary.command('CONFIG', 'SET', 'maxmemory', '1mb');
  await mustBeRefused(campaign, 'STORE_FULL');
  await act();
  await mustBeRefused(campaign, 'STORE_FULL');
  await primary.command('CONFIG', 'SET', 'maxmemory', '0');
  await worksAgain(campaign);
}

const fillMemory: Fault = {
  name: 'maxmemory reached',
  strike: (campaign) => whileFull(campaign, () => sleep(campaign.random.between(200, 3_000))),
};

const fillMemoryAtStart: Fault = {
  name: 'maxmemory reached while a worker starts',
  strike: (campaign) => whileFull(campaign, () => replace(campaign, ({ node }) => node.stop())),
};

/** Where it appends to, now. */
function logSize(dir: string): number {
  const folder = join(dir, 'appendonlydir');
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  return Math.max(...sizes);
}

/** Shorter than a lease, since no heartbeat is written meanwhile. */
const fillDisk: Fault = {
  name: 'disk full',
  async strike(campaign) {
    const { primary } = campaign.topology;
    primary.limitFiles(logSize(primary.dir));
    await until(async () => (await primary.command('INFO', 'persistence')).includes('aof_last_write_status:err'));
    await mustBeRefused(campaign, 'STORE_READONLY');
    await sleep(campaign.random.between(100, 2_000));
    primary.limitFiles(null);
    await worksAgain(campaign);
  },
};

campaignSuite(
  'full',
  'servers refuse new work, and lose and repeat no run',
  [fillMemory, fillMemoryAtStart, fillDisk],
  [200, 800],
  {
    // With `always` a full disk ends the server.
    open: () => standalone({ args: EVERY_SECOND }),
    ...withLimits,
    options: { ...withLimits.options, lease: '10s' },
    refusal: 'OOM',
    checkers: [...ALWAYS, undisturbed],
    evidence: () => ({
      STORE_FULL: refused.get('STORE_FULL') ?? 0,
      STORE_READONLY: refused.get('STORE_READONLY') ?? 0,
    }),
  },
);
