import { describe, expect, it } from '@jest/globals';
import { STORE_NAMES, type StoreName } from '../support/stores.js';
import { Soak } from './fixtures/soak.js';

const { SOAK_MINUTES, SOAK_RATE, SOAK_SEED, SOAK_STORE, SOAK_RESULTS } = process.env;
const minutes = Number(SOAK_MINUTES ?? 0.1);
const rate = Number(SOAK_RATE ?? 100);
const seed = Number(SOAK_SEED ?? 1);
/** What a shorter one would call a rise is the warm-up. */
const LEVEL_FROM_MINUTES = 10;
const stores = SOAK_STORE === undefined ? STORE_NAMES : [SOAK_STORE as StoreName];

describe.each(stores)('a soak of the %s store', (store) => {
  it(
    `for ${minutes} minutes: memory, handles, keys and latency stay level, and no rule is broken`,
    async () => {
      const { violations, refused, executions, samples, levels } = await Soak.run({
        ...{ store, minutes, rate, seed, results: SOAK_RESULTS ?? null },
      });
      process.stdout.write(`soak ${store}, seed ${seed}: ${executions} executions, ${violations.length} violations\n`);
      expect(violations).toEqual([]);
      expect(refused).toBe(0);
      expect(executions).toBeGreaterThan(minutes * rate);
      expect(samples.length).toBeGreaterThan(0);
      const risen = Object.entries(levels).filter(([, { isLevel }]) => !isLevel);
      expect(minutes < LEVEL_FROM_MINUTES ? [] : risen).toEqual([]);
    },
    minutes * 60_000 + 300_000,
  );
});
