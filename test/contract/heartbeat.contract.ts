import { describe, expect, it } from '@jest/globals';
import { LEASE, type OpenStore } from './fixtures.js';
import { scenes } from './store-fixture.js';

export function heartbeatContract(open: OpenStore): void {
  const scene = scenes(open);

  describe('a heartbeat', () => {
    it(
      'renews the lease and the locks of the runs, whether the worker or its thread sends it',
      scene(async (s) => {
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
  });
}
