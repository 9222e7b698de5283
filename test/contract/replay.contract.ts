import { describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { BOOM, LEASE, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function replayContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('a repeated exchange', () => {
    it(
      'returns the stored reply, and changes nothing',
      withFixture(async (s) => {
        await s.addMany(5);
        const worker = await s.worker();
        const [a, b] = await worker.claim(2);
        const reply = await worker.exchange({
          settlements: [settle.complete(a!, '1'), settle.retry(b!, BOOM, 0)],
          demand: 2,
        });
        const before = await s.store.dump();
        s.effects.length = 0;
        expect(await worker.replay()).toEqual(reply);
        expect(await worker.replay()).toEqual(reply);
        expect(await s.store.dump()).toEqual(before);
        expect(s.effects).toEqual([]);
      }),
    );

    it(
      'returns the stored reply even after the state has changed',
      withFixture(async (s) => {
        await s.addMany(2);
        const worker = await s.worker();
        const reply = await worker.exchange({ pipeline: 1, demand: 1 });
        const request = worker.lastRequest!;
        await worker.exchange({ pipeline: 0, settlements: [settle.complete(reply.claims[0]!, null)], demand: 1 });
        await s.advance(1000);
        const before = await s.store.dump();
        expect(await s.store.exchange(request)).toEqual(reply);
        expect(await s.store.dump()).toEqual(before);
      }),
    );

    it(
      'is identified by worker, pipeline and sequence together',
      withFixture(async (s) => {
        const ids = await s.addMany(4);
        await s.worker('w1');
        await s.worker('w2');
        const ask = async (workerId: string, pipeline: number, sequence: number) =>
          (await s.store.exchange({ workerId, pipeline, sequence, settlements: [], demand: 1 })).claims[0]?.executionId;
        expect(await ask('w1', 0, 1)).toBe(ids[0]);
        expect(await ask('w1', 1, 1)).toBe(ids[1]);
        expect(await ask('w2', 0, 1)).toBe(ids[2]);
        expect(await ask('w1', 0, 1)).toBe(ids[0]);
        expect(await ask('w1', 0, 2)).toBe(ids[3]);
      }),
    );

    it(
      'changes nothing if a newer one of its pipeline came before',
      withFixture(async (s) => {
        await s.addMany(6);
        const worker = await s.worker();
        const [a, b] = await worker.claim(2);
        const older = await worker.exchange({
          settlements: [settle.complete(a!, '1'), settle.fail(b!, BOOM, 'HANDLER_FAILED')],
          demand: 1,
        });
        const request = worker.lastRequest!;
        await worker.complete(older.claims[0]!);
        const before = await s.store.dump();
        s.effects.length = 0;
        for (const late of [request, { ...request, sequence: 1, demand: 5 }])
          expect(await s.store.exchange(late)).toEqual({
            known: true,
            settled: late.settlements.map(() => 'stale'),
            claims: [],
            more: false,
          });
        expect(await s.store.dump()).toEqual(before);
        expect(s.effects).toEqual([]);
      }),
    );

    it(
      'of a worker that was lost and has rejoined settles none of its rescued runs',
      withFixture(async (s) => {
        await s.addMany(3);
        const worker = await s.worker();
        const claims = await worker.claim(3);
        s.clock.advance(LEASE + 1);
        await s.rescue();
        await s.worker();
        const other = await s.worker('w2');
        const again = await other.claimOne();
        await worker.exchange();
        expect(await worker.settle(...claims.map((claim) => settle.complete(claim, null)))).toEqual(
          claims.map(() => 'stale'),
        );
        const { byStatus } = await s.stats();
        expect(byStatus).toMatchObject({ PENDING: 2, RUNNING: 1, COMPLETED: 0 });
        expect(await other.complete(again)).toBe('applied');
      }),
    );
  });
}
