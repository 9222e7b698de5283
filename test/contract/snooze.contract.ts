import { describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { BOOM, newExecution, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

const LATER = { name: 'RetryLaterError', message: 'not yet', stack: null, code: 'RETRY_LATER' };

/** Executions that their handlers postpone, and the retry budget that is fixed at scheduling. */
export function snoozeContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('snooze', () => {
    it(
      'waits for its delay as RETRYING / SNOOZED, without using an attempt',
      withFixture(async (s) => {
        const id = await s.add({ budget: '-,7' });
        const worker = await s.worker();
        await worker.settle(settle.snooze(await worker.claimOne(id), LATER, 30_000));
        expect(await s.get(id)).toMatchObject({
          status: 'RETRYING',
          reason: 'SNOOZED',
          error: null,
          retryCount: 0,
          snoozeCount: 1,
          completedTime: null,
          waitingFor: { kind: 'time', until: new Date(s.now + 30_000).toISOString() },
          attempts: [{ attempt: 1, outcome: 'SNOOZED', error: LATER }],
        });
        expect((await s.stats()).counters).toMatchObject({ snoozed: 1, retried: 0, failed: 0 });
        expect((await s.stats()).recentErrors).toEqual([]);
        await s.advance(29_999);
        expect(await worker.claim(1)).toEqual([]);
        await s.advance(1);
        const claim = await worker.claimOne(id);
        expect(claim).toMatchObject({ run: 2, failures: 0, snoozes: 1, budget: '-,7' });
        expect(await s.get(id)).toMatchObject({ status: 'RUNNING', reason: null, snoozeCount: 1 });
        await worker.complete(claim);
        expect(await s.get(id)).toMatchObject({ status: 'COMPLETED', reason: null, snoozeCount: 1 });
        expect((await s.get(id)).attempts.map((each) => each.outcome)).toEqual(['SNOOZED', 'COMPLETED']);
      }),
    );

    it(
      'is reported as retrying, with its reason',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        const claim = await worker.claimOne(id);
        s.effects.length = 0;
        await worker.settle(settle.snooze(claim, LATER, 0));
        const [effect] = s.effects.filter((each) => each.kind === 'execution');
        expect(effect).toMatchObject({ transition: 'retrying', executionId: id, error: null, reason: 'SNOOZED' });
      }),
    );

    it(
      'is counted separately from failures, crashes and releases, and reset by retryTask',
      withFixture(async (s) => {
        const id = await s.add();
        const worker = await s.worker();
        await worker.settle(settle.snooze(await worker.claimOne(id), LATER, 0));
        await s.maintain();
        await worker.retry(await worker.claimOne(id));
        await s.maintain();
        await worker.release(await worker.claimOne(id));
        s.clock.advance(60_000);
        await s.rescue();
        const other = await s.worker('w2');
        const claim = await other.claimOne(id);
        expect(claim).toMatchObject({ failures: 1, snoozes: 1 });
        await other.fail(claim, 'SNOOZES_EXHAUSTED');
        expect(await s.get(id)).toMatchObject({ status: 'FAILED', reason: 'SNOOZES_EXHAUSTED', snoozeCount: 1 });
        await s.store.reopen(id);
        expect(await other.claimOne(id)).toMatchObject({ failures: 0, snoozes: 0 });
      }),
    );

    it(
      'keeps workflow, lock and timeout of an execution',
      withFixture(async (s) => {
        const lock = { key: 'k', timeout: 60_000, maxWait: null };
        const id = await s.add({ lock, timeout: 9_000, tags: ['t'] });
        const behind = await s.add({ lock });
        const worker = await s.worker();
        await worker.settle(settle.snooze(await worker.claimOne(id), LATER, 5_000));
        expect(await worker.claimIds(2)).toEqual([behind]);
        await s.advance(5_000);
        expect(await worker.claim(1)).toEqual([]);
        expect(await s.get(id)).toMatchObject({ status: 'RETRYING', reason: 'SNOOZED', waitingFor: { kind: 'lock' } });
      }),
    );

    it(
      'yields to a cancel, requested before or after',
      withFixture(async (s) => {
        const [before, after] = await s.addMany(2);
        const worker = await s.worker();
        const claims = await worker.claim(2);
        await s.store.cancel(before!, 10_000);
        await worker.settle(...claims.map((claim) => settle.snooze(claim, LATER, 60_000)));
        await s.store.cancel(after!, 10_000);
        for (const id of [before!, after!])
          expect(await s.get(id)).toMatchObject({ status: 'CANCELLED', reason: 'CANCELLED' });
      }),
    );
  });

  describe('the retry budget of an execution', () => {
    it(
      'is part of each of its claims as it was given, whatever its other options',
      withFixture(async (s) => {
        const budget = 'E,5,60000,3600000,2,1,100';
        const lock = { key: 'k', timeout: 60_000, maxWait: null };
        const worker = await s.worker();
        for (const more of [
          {},
          { timeout: 5_000 },
          { lock },
          { tags: ['a'] },
          { delay: 0 },
          { payload: '{"a":"|;"}' },
        ]) {
          for (const given of [budget, '', null]) {
            const id = await s.add({ budget: given, ...more });
            await s.maintain();
            const claim = await worker.claimOne(id);
            expect(claim).toMatchObject({
              budget: given,
              timeout: more.timeout ?? null,
              payload: more.payload ?? null,
            });
            await worker.retry(claim);
            await s.maintain();
            const again = await worker.claimOne(id);
            expect(again).toMatchObject({ budget: given, failures: 1, timeout: more.timeout ?? null });
            await worker.complete(again);
          }
        }
        expect((await worker.claim(1)).length).toBe(0);
        const bare = newExecution();
        await s.store.enqueue([bare]);
        expect(await worker.claimOne(bare.executionId)).toMatchObject({ budget: null });
      }),
    );

    it(
      'is kept for members of a workflow, and for runs past their limit',
      withFixture(async (s) => {
        const budget = 'F,9,1,1,2,0,3';
        const member = newExecution({ budget, workflow: { workflowId: 'wf', ref: 'a' } });
        const nodes = [{ ref: 'a', executionId: member.executionId, taskId: member.taskId, dependsOn: [] }];
        await s.store.startWorkflow({ workflowId: 'wf', name: 'wf', nodes }, [member]);
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(member.executionId));
        const late = await s.add({ budget, timeout: 1_000 });
        const claim = await worker.claimOne(late);
        expect(claim.budget).toBe(budget);
        await s.advance(60_000);
        expect(await s.store.expiredRuns(9)).toMatchObject([{ executionId: late, budget, limit: 1_000 }]);
        await worker.fail({ ...claim }, 'HANDLER_FAILED', BOOM);
      }),
    );
  });
}
