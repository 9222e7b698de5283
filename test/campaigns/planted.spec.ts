import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALWAYS, check, exclusion } from './fixtures/checkers.js';
import { Campaign } from './fixtures/campaign.js';
import { TASKS } from './fixtures/load.js';
import { Mutants, PLANTED_BUGS } from './fixtures/planted-bugs.js';

/** What is stuck by a bug stays stuck. */
const DRAIN_MS = 8_000;

let mutants: Mutants;
beforeAll(() => void (mutants = new Mutants()));
afterAll(() => mutants?.remove());

describe('a bug planted in the library', () => {
  for (const [name, bug] of Object.entries(PLANTED_BUGS)) {
    it(`is found: ${name}`, async () => {
      const campaign = await Campaign.start('planted', {
        releases: () => [{ tasks: TASKS, library: mutants.make(bug) }],
        drainMs: DRAIN_MS,
      });
      try {
        const history = await campaign.run(bug.faults, [300, 900]);
        const rules = new Set(check(history, [...ALWAYS, exclusion]).map(({ rule }) => rule));
        expect(bug.breaks.filter((rule) => rules.has(rule))).not.toEqual([]);
      } finally {
        await campaign.close();
      }
    }, 120_000);
  }
});
