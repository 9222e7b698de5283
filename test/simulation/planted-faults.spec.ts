import { expect, it } from '@jest/globals';
import { PLANTS } from './fixtures/planted-faults.js';
import { findViolations } from './fixtures/simulation-suite.js';

/** Every planted fault is found within so many. */
const SEEDS = 50;

for (const [name, { plant, breaks, first = 1 }] of Object.entries(PLANTS)) {
  it(`finds it when ${name}`, async () => {
    const rules = await findViolations(plant, first, SEEDS);
    expect(breaks.filter((rule) => rules.includes(rule))).not.toEqual([]);
  }, 120_000);
}
