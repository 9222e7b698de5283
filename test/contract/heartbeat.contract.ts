import { describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { BOOM, LEASE, MINUTE, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function heartbeatContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('a heartbeat', () => {
    it(
      'renews the lease and the locks of the runs, whether the worker or its thread sends it',
      withFixture(async (s) => {
        const timeout = 2 * LEASE;
        const ids: string[] = [];
        for (const key of ['a', 'b']) ids.push(await s.add({ lock: { key, timeout, maxWait: null } }));
        ids.push(...(await s.addMany(2)));
        const [one, two] = [await s.worker('w1'), await s.worker('w2')];
        const claims = [await one.claimOne(ids[0]), await two.claimOne(ids[1])];
        claims.push(await one.claimOne(ids[2]), await two.claimOne(ids[3]));
        await s.store.cancel(ids[1]!, 10 * LEASE);
        s.clock.advance(LEASE - 1);
        s.effects.length = 0;
        await one.beat(claims[0]!, claims[2]!);
        await two.renew();
        const workers = await s.store.listWorkers();
        expect(workers.map(({ leaseUntil }) => Date.parse(leaseUntil) - s.now)).toEqual([LEASE, LEASE]);
        const locks = await s.store.listLocks();
        expect(locks.map(({ key, expiresAt }) => [key, expiresAt! - s.now]).sort()).toEqual([
          ['a', timeout],
          ['b', timeout],
        ]);
        expect(s.effectsOf('lock')).toEqual([]);
        // The thread reports nothing: the next heartbeat of the worker does.
        expect((await two.beat(claims[1]!, claims[3]!)).cancelRequested).toMatchObject([{ executionId: ids[1] }]);
        s.clock.advance(LEASE - 1);
        await s.rescue();
        expect(await s.statuses(...ids)).toEqual(['RUNNING', 'RUNNING', 'RUNNING', 'RUNNING']);
        s.clock.advance(1);
        await two.renew();
        await s.rescue();
        expect(await s.statuses(...ids)).toEqual(['PENDING', 'RUNNING', 'PENDING', 'RUNNING']);
        expect((await s.store.listLocks()).map(({ key, owner }) => [key, owner])).toEqual([['b', ids[1]]]);
      }),
    );

    it(
      'keeps a run that it does not name: its claim may still be on its way to the worker',
      withFixture(async (s) => {
        const [id] = await s.addMany(1);
        const worker = await s.worker();
        const claim = await worker.claimOne(id);
        expect(await worker.beat()).toEqual({ known: true, cancelRequested: [], lost: [] });
        expect(await (await s.worker('w2')).claimIds(9)).toEqual([]);
        expect(await worker.complete(claim)).toBe('applied');
      }),
    );

    it(
      'does not keep forever a run that the worker does not have: maxAttemptDuration ends it',
      fixtures(open, { maxAttemptDuration: 10 * MINUTE })(async (s) => {
        const [id] = await s.addMany(1);
        const worker = await s.worker();
        await worker.claimOne(id);
        for (let minute = 0; minute < 11; minute++) {
          s.clock.advance(MINUTE);
          await worker.beat();
        }
        const [expired] = await s.store.expiredRuns(10);
        expect(expired).toMatchObject({ executionId: id, limit: 10 * MINUTE });
        await s.store.settleExpired(settle.retry(expired!, BOOM, 0));
        await s.maintain();
        expect(await worker.claimIds(9)).toEqual([id]);
      }),
    );
  });
}
