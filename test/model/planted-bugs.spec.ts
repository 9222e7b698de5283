import { describe, expect, it } from '@jest/globals';
import { compareStores } from './compare-stores.js';
import { findViolation } from './model-suite.js';
import { openMemory } from './open-memory.js';
import { PLANTED_BUGS } from './planted-bugs.js';
import { wrapStore } from './wrap-store.js';

/** One seed for all, so every run proves the same. */
const RUNS = { runs: 150, seed: 20_260_101 };

describe('the checkers of the model', () => {
  it('report nothing for a store without a planted bug', async () => {
    expect(await findViolation(openMemory, RUNS)).toBeNull();
  }, 120_000);

  for (const [name, { bug, breaks }] of Object.entries(PLANTED_BUGS)) {
    it(`report when ${name}`, async () => {
      const violation = await findViolation(wrapStore(openMemory, bug), RUNS);
      expect(breaks).toContain(violation?.invariant);
    }, 120_000);
  }

  it('report two stores that reach different states', async () => {
    // It satisfies every invariant, and rotates its queues in reverse.
    const skewed = wrapStore(openMemory, (inner) => ({
      register: (worker) => inner.register({ ...worker, queues: worker.queues.toReversed() }),
    }));
    const different = compareStores(openMemory, skewed, { ...RUNS, shrink: false });
    await expect(different).rejects.toMatchObject({ cause: { invariant: 'SAME' } });
  }, 120_000);
});
