import { describe } from '@jest/globals';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LogLine } from '../cluster/fixtures/fleet.js';
import { retried, ticksAgain, worksAgain } from './fixtures/alive.js';
import { IS_ASKED, type Campaign, type Fault } from './fixtures/campaign.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import { SURVIVORS, keys, ticks } from './fixtures/checkers.js';
import { flushFunctions, sleep } from './fixtures/faults.js';
import { standalone } from './fixtures/topology.js';

const LOGIN = { username: 'app', password: 'secret' };
const NEW_USER = ['ACL', 'SETUSER', 'app', 'reset', 'on', `>${LOGIN.password}`, '~*', '&*', '+@all'];

async function withUser(): ReturnType<typeof standalone> {
  const topology = await standalone();
  await topology.primary.command(...NEW_USER);
  return topology;
}

/** What was made at run time is made again, as an app does that hears of the loss. */
async function startAnew(campaign: Campaign): Promise<void> {
  await worksAgain(campaign);
  await retried(() => campaign.putSchedule());
  await ticksAgain(campaign);
}

const noticed = (log: readonly LogLine[]): number =>
  log.filter(({ text }) => text.includes('has lost all its data')).length;

/** All that waits for what is gone ends, and who held a lock hears that it is lost. */
const flushAll: Fault = {
  name: 'FLUSHALL',
  async strike(campaign) {
    const { producer, topology } = campaign;
    const id = await producer.scheduler('scheduleTask', 'work', { delay: '1h' });
    const waited = producer.scheduler('waitForExecution', id).catch(() => undefined);
    await producer.call('takeLock', 'kept', { ttl: 3_000 });
    const lost = producer.call('lockLost');
    const before = noticed(producer.log);
    await topology.primary.command('FLUSHALL');
    campaign.losses.push({ from: 0n, to: process.hrtime.bigint() });
    await Promise.all([startAnew(campaign), waited, lost]);
    await retried(async () => {
      if (noticed(producer.log) === before) throw new Error('the producer says nothing of its loss');
    });
  },
};

/** A backup that is put back: what was done since then has not happened. */
const rewind: Fault = {
  name: 'older copy of the data restored',
  async strike(campaign) {
    const { primary } = campaign.topology;
    const [log, copy] = ['appendonlydir', 'copy'].map((name) => join(primary.dir, name)) as [string, string];
    const from = process.hrtime.bigint();
    cpSync(log, copy, { recursive: true });
    await sleep(campaign.random.between(200, 2_000));
    await campaign.outage(async () => {
      await primary.kill();
      campaign.losses.push({ from, to: process.hrtime.bigint() });
      rmSync(log, { recursive: true });
      cpSync(copy, log, { recursive: true });
      rmSync(copy, { recursive: true });
      await primary.start();
      await primary.command(...NEW_USER);
    });
    await worksAgain(campaign);
    await ticksAgain(campaign);
  },
};

/** Something is wrong with the user for a while. */
const ofUser = (name: string, ...commands: string[][]): Fault => ({
  name,
  async strike(campaign) {
    const { primary } = campaign.topology;
    for (const command of commands) await primary.command(...command);
    await sleep(campaign.random.between(200, 3_000));
    await primary.command(...NEW_USER);
    await worksAgain(campaign);
  },
});

// A loss is noticed within 20 s: `npm run campaign -- flush`.
(IS_ASKED ? describe : describe.skip)('losses', () => {
  campaignSuite(
    'flush',
    'of all data, of functions, of rights: the fleet works again and nothing is stuck',
    [
      flushFunctions,
      flushAll,
      ofUser('rights revoked', ['ACL', 'SETUSER', 'app', '-@all']),
      ofUser(
        'password changed',
        ['ACL', 'SETUSER', 'app', 'resetpass', '>other'],
        ['CLIENT', 'KILL', 'TYPE', 'normal'],
      ),
      ofUser('user deleted', ['ACL', 'DELUSER', 'app']),
      rewind,
    ],
    [200, 800],
    {
      open: withUser,
      login: LOGIN,
      refusal: 'NOPERM',
      checkers: SURVIVORS.filter((checker) => ![keys, ticks].includes(checker)),
      evidence: (_, { log }) => ({
        'loss of all data noticed': noticed(log),
        'older data noticed': log.filter(({ text }) => text.includes('came back with older data')).length,
      }),
    },
  );
});
