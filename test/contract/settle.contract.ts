import { describe, expect, it } from '@jest/globals';
import { settle, type RunToken } from '../../libs/scheduler/src/core/commands.js';
import { ATTEMPTS_KEPT, LOG_LINES_KEPT } from '../../libs/scheduler/src/core/limits.js';
import { BOOM, idOf, lockOn, MINUTE, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function settleContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('settle', () => {
    it(
      'completes with a result',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        const claim = await worker.claimOne();
        const started = new Date(s.now).toISOString();
        s.clock.advance(1500);
        expect(await worker.complete(claim, { rows: 3 })).toBe('applied');
        const ended = new Date(s.now).toISOString();
        expect(await s.get(id)).toMatchObject({
          status: 'COMPLETED',
          startedTime: started,
          completedTime: ended,
          result: { rows: 3 },
          error: null,
          reason: null,
          waitingFor: null,
          retryCount: 0,
          attempts: [
            { attempt: 1, startedTime: started, endedTime: ended, workerId: 'w1', outcome: 'COMPLETED', error: null },
          ],
        });
      }),
    );

    it(
      'fails with an error and a reason',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        expect(await worker.fail(await worker.claimOne(), 'RETRIES_EXHAUSTED')).toBe('applied');
        expect(await s.get(id)).toMatchObject({
          status: 'FAILED',
          completedTime: new Date(s.now).toISOString(),
          error: BOOM,
          reason: 'RETRIES_EXHAUSTED',
          attempts: [{ attempt: 1, outcome: 'FAILED', error: BOOM }],
        });
      }),
    );

    it(
      'releases an execution that lacks a lock, and adds the lock to it; an existing lock need stays',
      withFixture(async (s) => {
        const [first, second] = await s.addMany(2);
        const own = await s.add({ lock: lockOn('own') });
        const worker = await s.worker();
        const need = { key: 'k', timeout: MINUTE, maxWait: null };
        const claims = await worker.claim(3);
        expect(claims.map(({ lockKey }) => lockKey)).toEqual([null, null, 'own']);
        await worker.settle(...claims.map((claim) => settle.releaseForLock(claim, need)));
        expect(await s.get(first!)).toMatchObject({ status: 'PENDING', retryCount: 0, attempts: [] });
        const again = await worker.claim(3);
        expect(again.map(({ executionId, lockKey }) => [executionId, lockKey])).toEqual([
          [first, 'k'],
          [own, 'own'],
        ]);
        expect(again[0]!.fencingToken).toBeGreaterThan(0);
        expect(await s.waitingFor(second!)).toBe('lock');
        expect((await s.lock('k')).owner).toBe(first);
        await worker.complete(again[0]!);
        expect((await worker.claimOne(second)).lockKey).toBe('k');
      }),
    );

    it(
      'releases to the head, without using an attempt',
      withFixture(async (s) => {
        const [a, b] = await s.addMany(2);
        const worker = await s.worker();
        const claim = await worker.claimOne(a);
        expect(await worker.release(claim)).toBe('applied');
        expect(await s.get(a!)).toMatchObject({ status: 'PENDING', retryCount: 0, attempts: [] });
        expect(await s.store.peekQueue('default', 2)).toEqual([a, b]);
        expect(await worker.claimOne(a)).toMatchObject({ run: 1, failures: 0 });
      }),
    );

    it(
      'releases a batch in its old order',
      withFixture(async (s) => {
        const ids = await s.addMany(4);
        const worker = await s.worker();
        const claims = await worker.claim(3);
        await worker.settle(...claims.map((claim) => settle.release(claim)));
        expect(await s.store.peekQueue('default', 9)).toEqual(ids);
      }),
    );

    it(
      'replies for each settlement, in order: applied, or stale',
      withFixture(async (s) => {
        await s.addMany(3);
        const worker = await s.worker();
        const [a, b, c] = await worker.claim(3);
        const wrong: RunToken = { executionId: b!.executionId, leaseToken: b!.leaseToken - 1 };
        const unknown: RunToken = { executionId: idOf(0xdead), leaseToken: 1 };
        const settled = await worker.settle(
          settle.complete(a!, null),
          settle.complete(wrong, null),
          settle.fail(unknown, BOOM, 'HANDLER_FAILED'),
          settle.complete(a!, '"twice"'),
          settle.complete(c!, null),
        );
        expect(settled).toEqual(['applied', 'stale', 'stale', 'stale', 'applied']);
        expect(await s.statuses(a!.executionId, b!.executionId, c!.executionId)).toEqual([
          'COMPLETED',
          'RUNNING',
          'COMPLETED',
        ]);
        expect((await s.get(a!.executionId)).result).toBeNull();
        expect((await s.stats()).counters).toMatchObject({ completed: 2, failed: 0, stale: 3 });
        expect(s.effectsOf('stale').filter((effect) => effect.executionId === b!.executionId)).toMatchObject([
          { leaseToken: wrong.leaseToken, workerId: 'w1' },
        ]);
      }),
    );

    it(
      'refuses a worker that does not own the run',
      withFixture(async (s) => {
        const id = await s.add();
        const [owner, other] = [await s.worker('w1'), await s.worker('w2')];
        const claim = await owner.claimOne();
        expect(await other.complete(claim)).toBe('stale');
        expect(await s.status(id)).toBe('RUNNING');
        expect(await owner.complete(claim)).toBe('applied');
      }),
    );

    it(
      'settles and claims in one exchange, including dependents of what it settled',
      withFixture(async (s) => {
        await s.addMany(2);
        const worker = await s.worker();
        const first = await worker.claimOne();
        const reply = await worker.exchange({ settlements: [settle.complete(first, null)], demand: 1 });
        expect(reply.settled).toEqual(['applied']);
        expect(reply.claims).toHaveLength(1);
        expect(reply.claims[0]!.executionId).not.toBe(first.executionId);
      }),
    );

    it(
      'keeps only the newest attempts',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        const runs = ATTEMPTS_KEPT + 2;
        for (let run = 1; run < runs; run++) {
          await worker.retry(await worker.claimOne(id));
          await s.maintain();
        }
        await worker.complete(await worker.claimOne(id));
        const { attempts, retryCount } = await s.get(id);
        expect(attempts.map((row) => row.attempt)).toEqual(Array.from({ length: ATTEMPTS_KEPT }, (_, i) => i + 3));
        expect(attempts.map((row) => row.outcome)).toEqual([
          ...Array<string>(ATTEMPTS_KEPT - 1).fill('FAILED'),
          'COMPLETED',
        ]);
        expect(retryCount).toBe(runs - 1);
      }),
    );
  });

  describe('report', () => {
    it(
      'stores progress and log lines of a run',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        const claim = await worker.claimOne();
        const run = { executionId: id, leaseToken: claim.leaseToken };
        await s.store.report(run, { progress: { fraction: 0.25, note: 'first part' } });
        await s.store.report(run, { logs: ['one', 'two'] });
        await s.store.report(run, { progress: { fraction: 0.5, note: null }, logs: ['three'] });
        const time = new Date(s.now).toISOString();
        expect(await s.get(id)).toMatchObject({
          progress: { fraction: 0.5, note: null, time },
          logs: ['one', 'two', 'three'],
        });
        expect(s.effectsOf('progress').map((effect) => effect.fraction)).toEqual([0.25, 0.5]);
        expect(s.effectsOf('log').map((effect) => effect.line)).toEqual(['one', 'two', 'three']);
      }),
    );

    it(
      'keeps only the newest lines',
      withFixture(async (s) => {
        const id = await s.add();
        const claim = await (await s.worker()).claimOne();
        const lines = Array.from({ length: LOG_LINES_KEPT + 5 }, (_, i) => `line ${i}`);
        await s.store.report({ executionId: id, leaseToken: claim.leaseToken }, { logs: lines });
        expect((await s.get(id)).logs).toEqual(lines.slice(5));
      }),
    );

    it(
      'ignores a run whose token is not current',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        const old = await worker.claimOne();
        await worker.release(old);
        const claim = await worker.claimOne(id);
        const before = await s.get(id);
        s.effects.length = 0;
        await s.store.report(
          { executionId: id, leaseToken: old.leaseToken },
          { progress: { fraction: 1, note: null }, logs: ['late'] },
        );
        expect(await s.get(id)).toEqual(before);
        await worker.complete(claim);
        await s.store.report({ executionId: id, leaseToken: claim.leaseToken }, { logs: ['too late'] });
        expect((await s.get(id)).logs).toEqual([]);
        expect([...s.effectsOf('log'), ...s.effectsOf('progress')]).toEqual([]);
      }),
    );
  });
}
