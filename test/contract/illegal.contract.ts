import { describe, expect, it } from '@jest/globals';
import { TaskStatus } from '../../libs/scheduler/src/core/status.js';
import { edgeTo, SETTLEMENT_KINDS, settlementOf, type OpenStore } from './fixtures.js';
import type { StoreFixture } from './store-fixture.js';
import { fixtures } from './store-fixture.js';
import type { Worker } from './worker.js';

interface Held {
  executionId: string;
  /** The newest token that any worker was ever given, or none. */
  leaseToken: number;
}

/** Creates one execution in each status, and returns the newest token that is not current. */
const INTO: Record<TaskStatus, (s: StoreFixture, worker: Worker) => Promise<Held>> = {
  PENDING: async (s, worker) => {
    await s.add();
    const claim = await worker.claimOne();
    await worker.release(claim);
    return claim;
  },
  RUNNING: async (s, worker) => {
    await s.add();
    const first = await worker.claimOne();
    await worker.release(first);
    await worker.claimOne(first.executionId);
    return first;
  },
  RETRYING: async (s, worker) => {
    await s.add();
    const claim = await worker.claimOne();
    await worker.retry(claim, 60_000);
    return claim;
  },
  COMPLETED: async (s, worker) => {
    await s.add();
    const claim = await worker.claimOne();
    await worker.complete(claim, 'first');
    return claim;
  },
  FAILED: async (s, worker) => {
    await s.add();
    const claim = await worker.claimOne();
    await worker.fail(claim, 'NON_RETRYABLE');
    return claim;
  },
  CANCELLED: async (s, worker) => {
    await s.add();
    const claim = await worker.claimOne();
    await s.store.cancel(claim.executionId, 1000);
    await s.advance(1000);
    return claim;
  },
  SKIPPED: async (s, worker) => {
    const parent = await s.add({ taskId: 'parent' });
    const executionId = await s.add({ taskId: 'child', edges: [edgeTo(parent)] });
    await worker.fail(await worker.claimOne(parent));
    await s.maintain();
    return { executionId, leaseToken: 0 };
  },
};

export function illegalContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('a settlement whose token is not current', () => {
    for (const status of Object.values(TaskStatus)) {
      for (const kind of SETTLEMENT_KINDS) {
        it(
          `${kind} of a ${status} execution is stale and changes nothing`,
          withFixture(async (s) => {
            const worker = await s.worker();
            const held = await INTO[status](s, worker);
            const before = await s.get(held.executionId);
            expect(before.status).toBe(status);
            s.effects.length = 0;
            const tokens = [held.leaseToken, held.leaseToken + 100, 0].map((leaseToken) => ({ ...held, leaseToken }));
            expect(await worker.settle(...tokens.map((run) => settlementOf(kind, run)))).toEqual([
              'stale',
              'stale',
              'stale',
            ]);
            for (const run of tokens) expect(await s.store.settleExpired(settlementOf(kind, run))).toBe(false);
            await s.maintain();
            expect(await s.get(held.executionId)).toEqual(before);
            expect(s.effectsOf('execution')).toEqual([]);
          }),
        );
      }
    }
  });
}
