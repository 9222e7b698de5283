import { describe, expect, it } from '@jest/globals';
import { ENDED_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { edgeTo, nextId, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function endedContract(open: OpenStore): void {
  const withFixture = fixtures(open);
  const forgetful = fixtures(open, { history: { count: 1 } });

  describe('endedOf', () => {
    it(
      'returns ended executions, whatever their outcome, and unknown ones',
      withFixture(async (s) => {
        const worker = await s.worker();
        const [completed, failed, running, broken] = await s.addMany(4);
        await worker.complete(await worker.claimOne(completed));
        await worker.fail(await worker.claimOne(failed));
        await worker.claimOne(running);
        const skipped = await s.add({ taskId: 'child', edges: [edgeTo(failed!)] });
        const blocked = await s.add({ taskId: 'child', edges: [edgeTo(running!)] });
        const delayed = await s.add({ delay: 60_000 });
        await s.store.cancel(broken!, 0);
        await s.maintain();
        const unknown = nextId();
        const all = [completed!, blocked, failed!, delayed, running!, skipped, broken!, unknown];
        expect(await s.store.endedOf(all)).toEqual([completed, failed, skipped, broken, unknown]);
        expect(await s.store.endedOf([])).toEqual([]);
      }),
    );

    it(
      'returns executions that have left history',
      forgetful(async (s) => {
        const worker = await s.worker();
        const ids = await s.addMany(5);
        for (const id of ids) await worker.complete(await worker.claimOne(id));
        await s.maintain();
        expect(await s.store.endedOf(ids)).toEqual(ids);
      }),
    );

    it(
      'accepts as many ids as a call may have',
      withFixture(async (s) => {
        const ids = await s.addMany(ENDED_PER_STEP);
        expect(await s.store.endedOf(ids)).toEqual([]);
      }),
    );
  });
}
