import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALWAYS, check, exclusion } from './fixtures/checkers.js';
import { Campaign, IS_ASKED } from './fixtures/campaign.js';
import { TASKS } from './fixtures/load.js';
import { Mutants, PLANTED_BUGS, type PlantedBug } from './fixtures/planted-bugs.js';

/** What is stuck by a bug stays stuck. */
const DRAIN_MS = 8_000;
/** Where a fault strikes decides whether a bug shows: it must do so in one of these campaigns. */
const CAMPAIGNS = 3;

/** @returns which of the rules that the bug breaks are named */
async function named(bug: PlantedBug, library: string): Promise<string[]> {
  const campaign = await Campaign.start('planted', { releases: () => [{ tasks: TASKS, library }], drainMs: DRAIN_MS });
  try {
    const history = await campaign.run(bug.faults, [300, 900]);
    const rules = new Set(check(history, [...ALWAYS, exclusion]).map(({ rule }) => rule));
    return bug.breaks.filter((rule) => rules.has(rule));
  } finally {
    await campaign.close();
  }
}

let mutants: Mutants;
beforeAll(() => void (mutants = new Mutants()));
afterAll(() => mutants?.remove());

describe('a bug planted in the library', () => {
  for (const [name, bug] of Object.entries(PLANTED_BUGS)) {
    // `npm run campaign -- planted` runs those, too, that show by chance only.
    (bug.isRare === true && !IS_ASKED ? it.skip : it)(
      `is found: ${name}`,
      async () => {
        const library = mutants.make(bug);
        let found: string[] = [];
        for (let i = 0; i < CAMPAIGNS && found.length === 0; i++) found = await named(bug, library);
        expect(found).not.toEqual([]);
      },
      300_000,
    );
  }
});
