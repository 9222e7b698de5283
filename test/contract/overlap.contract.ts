import { describe, expect, it } from '@jest/globals';
import { MINUTE, type OpenStore } from './fixtures.js';
import { fire, put } from './schedule-ticks.js';
import { fixtures } from './store-fixture.js';

export function overlapContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('a tick while the previous run has not ended', () => {
    it(
      'allow: runs at the same time',
      withFixture(async (s) => {
        await put(s);
        const ids = [await fire(s), await fire(s)];
        expect(await (await s.worker()).claimIds(9)).toEqual(ids);
      }),
    );

    it(
      'skip: is skipped until the previous run has ended',
      withFixture(async (s) => {
        await put(s);
        const first = await fire(s, 'skip');
        const worker = await s.worker();
        const claim = await worker.claimOne(first);
        const [second, third] = [await fire(s, 'skip'), await fire(s, 'skip')];
        for (const id of [second, third]) {
          expect(await s.get(id)).toMatchObject({ status: 'SKIPPED', reason: 'OVERLAP', scheduleId: 'every-minute' });
        }
        expect(await worker.claim(9)).toEqual([]);
        await worker.complete(claim);
        const fourth = await fire(s, 'skip');
        expect(await worker.claimIds(9)).toEqual([fourth]);
      }),
    );

    it(
      'skip: counts a run that waits for its retry as not ended',
      withFixture(async (s) => {
        await put(s);
        const worker = await s.worker();
        await worker.retry(await worker.claimOne(await fire(s, 'skip')), 10 * MINUTE);
        expect(await s.status(await fire(s, 'skip'))).toBe('SKIPPED');
      }),
    );

    it(
      'skip: an OVERLAP execution can be run by hand',
      withFixture(async (s) => {
        await put(s);
        const first = await fire(s, 'skip');
        const second = await fire(s, 'skip');
        expect(await s.store.reopen(second)).toMatchObject({ is: 'PENDING' });
        await s.maintain();
        expect(await (await s.worker()).claimIds(9)).toEqual([first, second]);
      }),
    );

    for (const end of ['complete', 'fail'] as const) {
      it(
        `queue: runs when the previous run has ended by ${end}`,
        withFixture(async (s) => {
          await put(s);
          const first = await fire(s, 'queue');
          const worker = await s.worker();
          const claim = await worker.claimOne(first);
          const second = await fire(s, 'queue');
          expect(await s.status(second)).toBe('PENDING');
          expect(await worker.claim(9)).toEqual([]);
          await worker[end](claim);
          await s.maintain();
          expect((await worker.claimOne(second)).results).toBeNull();
        }),
      );
    }

    it(
      'cancel: cancels the previous run',
      withFixture(async (s) => {
        await put(s);
        const first = await fire(s, 'cancel');
        const second = await fire(s, 'cancel');
        expect(await s.status(first)).toBe('CANCELLED');
        const worker = await s.worker();
        const claim = await worker.claimOne(second);
        const third = await fire(s, 'cancel');
        expect((await s.get(second)).cancelRequestedTime).not.toBeNull();
        expect((await worker.beat(claim)).cancelRequested).toMatchObject([{ executionId: second }]);
        await worker.endCancelled(claim);
        expect(await s.statuses(first, second)).toEqual(['CANCELLED', 'CANCELLED']);
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([third]);
      }),
    );

    it(
      'cancel: waits for the run that has not ended, where the tick between was cancelled before it ran',
      withFixture(async (s) => {
        await put(s);
        const worker = await s.worker();
        const claim = await worker.claimOne(await fire(s, 'cancel'));
        const second = await fire(s, 'cancel');
        const third = await fire(s, 'cancel');
        expect(await s.status(second)).toBe('CANCELLED');
        expect(await worker.claimIds(9)).toEqual([]);
        expect(await s.waitingFor(third)).toBe('dependencies');
        await worker.endCancelled(claim);
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([third]);
      }),
    );

    it(
      'queue: waits for the run that has not ended, where the ticks between were cancelled',
      withFixture(async (s) => {
        await put(s);
        const worker = await s.worker();
        const claim = await worker.claimOne(await fire(s, 'queue'));
        const [second, third, fourth] = [await fire(s, 'queue'), await fire(s, 'queue'), await fire(s, 'queue')];
        for (const id of [third, second]) await s.store.cancel(id, MINUTE);
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([]);
        await worker.complete(claim);
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([fourth]);
      }),
    );

    for (const overlap of ['queue', 'cancel', 'skip'] as const) {
      it(
        `${overlap}: finds the run that has not ended behind a tick that was cancelled`,
        withFixture(async (s) => {
          await put(s);
          const worker = await s.worker();
          const first = await fire(s, 'queue');
          const claim = await worker.claimOne(first);
          await s.store.cancel(await fire(s, 'queue'), MINUTE);
          await s.maintain();
          const third = await fire(s, overlap);
          expect(await worker.claimIds(9)).toEqual([]);
          expect(await s.status(third)).toBe(overlap === 'skip' ? 'SKIPPED' : 'PENDING');
          expect((await s.get(first)).cancelRequestedTime !== null).toBe(overlap === 'cancel');
          await worker.complete(claim);
          await s.maintain();
          expect(await worker.claimIds(9)).toEqual(overlap === 'skip' ? [] : [third]);
        }),
      );
    }
  });
}
