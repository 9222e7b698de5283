import { afterAll, describe } from '@jest/globals';
import { CAN_FAKE_CLOCKS, FakeClock } from '../support/fake-clock.js';
import { until } from '../support/until.js';
import { ticksAgain, worksAgain } from './fixtures/alive.js';
import { IS_ASKED, type Campaign, type Fault } from './fixtures/campaign.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import { ALWAYS, delays, priority, ticks } from './fixtures/checkers.js';
import { limits } from './fixtures/queue-checkers.js';
import { standalone } from './fixtures/topology.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** s within which the clocks stay, so that no idempotency key ends. */
const FURTHEST = 10 * HOUR;

const server = new FakeClock();
const workers = [new FakeClock(), new FakeClock(), new FakeClock()];
afterAll(() => [server, ...workers].forEach((clock) => clock.remove()));

/** As the server shows it, s. */
async function timeOf({ topology: { primary } }: Campaign): Promise<number> {
  return Number((await primary.command('TIME')).split('\r\n')[2]);
}

/** Steps the server's clock, and waits until work is done and the schedule ticks by the new time. @param by s */
async function step(campaign: Campaign, by: number): Promise<void> {
  const from = (await timeOf(campaign)) - Date.now() / 1000;
  server.set(server.offset + by);
  await until(async () => Math.abs((await timeOf(campaign)) - Date.now() / 1000 - from - by) <= 2);
  await worksAgain(campaign);
  await ticksAgain(campaign);
}

const forward = (name: string, from: number, to: number): Fault => ({
  name: `clock of the server forward by ${name}`,
  strike: (campaign) => step(campaign, Math.round(campaign.random.between(from, to))),
});
const back = (name: string, from: number, to: number): Fault => ({
  name: `clock of the server back by ${name}`,
  strike: (campaign) => step(campaign, -Math.round(campaign.random.between(from, to))),
});

/** Hours towards where the machine's clock is, or away from it, s. */
const hours = ({ random }: Campaign, offset: number): number => {
  const by = Math.round(random.between(HOUR, FURTHEST / 2));
  return offset > 0 || (offset === 0 && random.chance(0.5)) ? -by : by;
};

const acrossRestart: Fault = {
  name: 'clock of the server set back while it is down',
  async strike(campaign) {
    const { primary } = campaign.topology;
    await campaign.outage(async () => {
      await primary.kill();
      server.set(server.offset - Math.round(campaign.random.between(MINUTE, 2 * HOUR)));
      await primary.start();
    });
    await worksAgain(campaign);
    await ticksAgain(campaign);
  },
};

const ofWorker: Fault = {
  name: 'clock of a worker set by hours',
  async strike(campaign) {
    const clock = campaign.random.pick(workers);
    clock.set(clock.offset + hours(campaign, clock.offset));
    await worksAgain(campaign);
  },
};

// The campaign waits for the fleet after each step: `npm run campaign -- clock`.
(IS_ASKED && CAN_FAKE_CLOCKS ? describe : describe.skip)('clocks', () => {
  campaignSuite(
    'clock',
    'of the server and of workers step, live and across a restart',
    [
      forward('seconds', 3, 20),
      back('seconds', 3, 6),
      forward('minutes', 2 * MINUTE, HOUR / 2),
      // Beyond the bound of an attempt, which is an hour.
      forward('hours', HOUR, 2 * HOUR),
      back('hours', HOUR, 3 * HOUR),
      acrossRestart,
      ofWorker,
    ],
    [100, 500],
    {
      open: () => standalone({ env: server.env }),
      // Hours of ticks would be too much.
      misfire: 'once',
      env: (post) => workers[post]!.env,
      // A step forward ends delays early; a step back repeats instants.
      checkers: ALWAYS.filter((checker) => ![delays, limits, priority, ticks].includes(checker)),
    },
  );
});
