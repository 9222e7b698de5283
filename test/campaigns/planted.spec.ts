import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PLANTS } from '../simulation/fixtures/planted-faults.js';
import { ALWAYS, check, exclusion } from './fixtures/checkers.js';
import { Campaign, IS_ASKED, SECONDS } from './fixtures/campaign.js';
import { TASKS } from './fixtures/load.js';
import { Mutants, PLANTED_BUGS, type PlantedBug } from './fixtures/planted-bugs.js';

/** What is stuck by a bug stays stuck. */
const DRAIN_MS = 8_000;
/** Where a fault strikes decides whether a bug shows: it must do so in one of these campaigns. */
const CAMPAIGNS = 3;
/** Campaigns at a time: they mostly wait. */
const AT_ONCE = 3;
/** Of load and faults: enough for a bug that always shows. */
const SHORT_SECONDS = 3;

/** Each has a build of the library under a name of its own. */
let campaigns = 0;

/** @returns which of the rules that the bug breaks are named */
async function named(bug: PlantedBug, library: string): Promise<string[]> {
  const campaign = await Campaign.start(`planted-${++campaigns}`, {
    releases: () => [{ tasks: TASKS, library }],
    drainMs: DRAIN_MS,
    seconds: IS_ASKED ? SECONDS : SHORT_SECONDS,
  });
  try {
    const history = await campaign.run(bug.faults, [300, 900]);
    const rules = new Set(check(history, [...ALWAYS, exclusion]).map(({ rule }) => rule));
    return bug.breaks.filter((rule) => rules.has(rule));
  } finally {
    await campaign.close();
  }
}

async function find(bug: PlantedBug): Promise<string[]> {
  const library = mutants.make(bug);
  let found: string[] = [];
  for (let i = 0; i < CAMPAIGNS && found.length === 0; i++) found = await named(bug, library);
  return found;
}

// `npm run campaign -- planted` runs those, too, that show by chance only, and those that the simulation finds.
const bugs = Object.entries(PLANTED_BUGS);
const due = bugs.filter(([, { isRare, simulated }]) => IS_ASKED || (isRare !== true && simulated === undefined));

let mutants: Mutants;
const found = new Map<string, Promise<string[]>>();

beforeAll(() => {
  mutants = new Mutants();
  const lanes: Promise<unknown>[] = [];
  for (const [i, [name, bug]] of due.entries()) {
    const result = (lanes[i % AT_ONCE] ?? Promise.resolve()).then(() => find(bug));
    lanes[i % AT_ONCE] = result.catch(() => undefined);
    found.set(name, result);
  }
});
afterAll(() => mutants?.remove());

describe('a bug planted in the library', () => {
  for (const [name] of due) {
    it(
      `is found: ${name}`,
      async () => {
        expect(await found.get(name)).not.toEqual([]);
      },
      SECONDS * 1_000 + 300_000,
    );
  }

  it('that no campaign looks for in `npm test` is found by the simulation, or shows by chance only', () => {
    const plants = bugs.flatMap(([, { simulated }]) => simulated ?? []);
    expect(plants.filter((name) => !(name in PLANTS))).toEqual([]);
    expect(plants.length).toBeGreaterThan(0);
  });
});
