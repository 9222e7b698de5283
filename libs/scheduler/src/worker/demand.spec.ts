import { describe, expect, it } from '@jest/globals';
import { CLAIM_PER_STEP } from '../core/limits.js';
import { demandFor, type Claiming } from './demand.js';

const idle: Claiming = { free: 10, slots: 10, waiting: 0, pipelines: 2, limit: null };

describe('demandFor', () => {
  it('requests a run for each free slot that no claim waits for', () => {
    expect(demandFor(idle)).toEqual({ count: 10, prefetch: 0 });
    expect(demandFor({ ...idle, waiting: 4 })).toEqual({ count: 6, prefetch: 0 });
    expect(demandFor({ ...idle, free: 2, waiting: 4 })).toEqual({ count: 0, prefetch: 0 });
  });

  it('shares slots and prefetched runs among the pipelines', () => {
    const limit = { runs: 20, atOnce: Infinity };
    expect(demandFor({ ...idle, limit })).toEqual({ count: 15, prefetch: 5 });
    expect(demandFor({ ...idle, limit, waiting: 15 })).toEqual({ count: 15, prefetch: 15 });
  });

  it('requests all free slots at once where nothing may be prefetched', () => {
    expect(demandFor({ ...idle, limit: { runs: 0, atOnce: Infinity } })).toEqual({ count: 10, prefetch: 0 });
  });

  it('requests no more than the event loop can start soon', () => {
    expect(demandFor({ ...idle, limit: { runs: 20, atOnce: 3 } })).toEqual({ count: 3, prefetch: 0 });
    expect(demandFor({ ...idle, waiting: 3, limit: { runs: 20, atOnce: 3 } })).toEqual({ count: 0, prefetch: 0 });
  });

  it('requests a bounded number', () => {
    expect(demandFor({ ...idle, free: 5_000, slots: 5_000, limit: { runs: 0, atOnce: Infinity } }).count).toBe(
      CLAIM_PER_STEP,
    );
  });
});
