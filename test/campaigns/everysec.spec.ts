import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Fault } from './fixtures/campaign.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import { lost, SURVIVORS } from './fixtures/checkers.js';
import { killServer, killWorker, sleep } from './fixtures/faults.js';
import { EVERY_SECOND, standalone } from './fixtures/topology.js';

/** Redis puts a write off for up to 2 s while the sync before it lasts. */
const PUT_OFF_NS = 2_000_000_000n;

const kill: Fault = {
  ...killServer,
  async strike(campaign) {
    const from = process.hrtime.bigint() - PUT_OFF_NS;
    await killServer.strike(campaign);
    campaign.losses.push({ from, to: process.hrtime.bigint() });
  },
};

/** The file that is appended to. */
function logOf(dir: string): string {
  const folder = join(dir, 'appendonlydir');
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.incr.aof'))!,
  );
}

/** What was appended in the last second is not on the disk, as after a power failure. */
const powerFailure: Fault = {
  name: 'power failure',
  async strike(campaign) {
    const { primary } = campaign.topology;
    const path = logOf(primary.dir);
    const from = process.hrtime.bigint() - PUT_OFF_NS;
    const { size } = statSync(path);
    await sleep(campaign.random.between(200, 1_000));
    await campaign.outage(async () => {
      await primary.kill();
      campaign.losses.push({ from, to: process.hrtime.bigint() });
      truncateSync(path, size);
      await primary.start();
    });
  },
};

campaignSuite(
  'everysec',
  'of a server that is killed or has no power leaves nothing behind',
  [powerFailure, kill, killWorker],
  [300, 1_500],
  {
    // A file written anew would not be the one that is cut.
    open: () => standalone({ args: [...EVERY_SECOND, '--auto-aof-rewrite-percentage', '0'] }),
    checkers: SURVIVORS,
    evidence: (_, history) => ({ 'acknowledged and not on the disk': lost(history).length }),
  },
);
