import { describe, expect, it } from '@jest/globals';
import type { ExecutionEffect } from '../../libs/scheduler/src/core/effects.js';
import type { TaskStatus } from '../../libs/scheduler/src/core/status.js';
import { BOOM, MINUTE, newExecution, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function effectsContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('effects', () => {
    it(
      'report every transition of an execution, once and in order, with its data',
      withFixture(async (s) => {
        const id = await s.add({ taskId: 'child', queue: 'q', priority: 1 });
        const worker = await s.worker('w1', { queues: ['q'] });
        await worker.release(await worker.claimOne(id));
        await worker.retry(await worker.claimOne(id), 1_000);
        await s.advance(1_000);
        await worker.fail(await worker.claimOne(id));
        await s.store.reopen(id);
        await s.maintain();
        await worker.complete(await worker.claimOne(id), 42);
        const told = s.executionEffects(id);
        expect(told.map(({ transition, status }) => `${transition} ${status}`)).toEqual([
          'scheduled PENDING',
          'started RUNNING',
          'released PENDING',
          'started RUNNING',
          'retrying RETRYING',
          'started RUNNING',
          'failed FAILED',
          'reopened PENDING',
          'started RUNNING',
          'completed COMPLETED',
        ]);
        const common = {
          kind: 'execution',
          executionId: id,
          taskId: 'child',
          queue: 'q',
          priority: 1,
          workflowId: null,
        };
        for (const effect of told) expect(effect).toMatchObject(common);
        expect(told[1]).toMatchObject({ workerId: 'w1', time: s.now - 1_000 });
        expect(told[4]).toMatchObject({ error: BOOM });
        expect(told[6]).toMatchObject({ error: BOOM, reason: 'HANDLER_FAILED', time: s.now });
        expect(told[9]).toMatchObject({ result: '42', error: null, reason: null });
      }),
    );

    it(
      'are emitted after the transition is committed',
      withFixture(async (s) => {
        const seen: Promise<[ExecutionEffect, TaskStatus | undefined]>[] = [];
        s.store.subscribe((effects) => {
          for (const effect of effects) {
            if (effect.kind !== 'execution') continue;
            seen.push(s.store.getExecution(effect.executionId).then((execution) => [effect, execution?.status]));
          }
        });
        const id = await s.add();
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(id));
        const pairs = await Promise.all(seen);
        expect(pairs).toHaveLength(3);
        for (const [effect, status] of pairs.slice(-1)) expect(status).toBe(effect.status);
        expect(pairs.map(([effect]) => effect.status)).toEqual(['PENDING', 'RUNNING', 'COMPLETED']);
      }),
    );

    it(
      'reach every subscriber until it unsubscribes',
      withFixture(async (s) => {
        let heard = 0;
        const end = s.store.subscribe(() => void heard++);
        await s.add();
        const before = heard;
        expect(before).toBeGreaterThan(0);
        end();
        end();
        await s.add();
        expect(heard).toBe(before);
      }),
    );

    it(
      'report that work is ready or due, and report nothing for a refused call',
      withFixture(async (s) => {
        await s.add({ queue: 'q' });
        expect(s.effectsOf('ready')).toEqual([{ kind: 'ready', queue: 'q' }]);
        await s.add({ delay: MINUTE });
        expect(s.effectsOf('timerDue')).toContainEqual({ kind: 'timerDue', at: s.now + MINUTE });
        s.effects.length = 0;
        await s.advance(MINUTE);
        expect(s.effectsOf('ready')).toEqual([{ kind: 'ready', queue: 'default' }]);
        s.effects.length = 0;
        const conflict = (fingerprint: string) => newExecution({ idempotency: { key: 'k', fingerprint } });
        await expect(s.store.enqueue([conflict('a'), conflict('b')])).rejects.toThrow();
        expect(s.effects).toEqual([]);
      }),
    );

    it(
      'report no work of a paused queue, and report it once it is resumed',
      withFixture(async (s) => {
        await s.store.pauseQueue('q');
        await s.add({ queue: 'q' });
        await s.add({ queue: 'q', tags: ['a'] });
        await s.addMany(20, { queue: 'q' });
        await s.add({ queue: 'q', delay: MINUTE });
        await s.advance(MINUTE);
        expect(s.effectsOf('ready')).toEqual([]);
        await s.store.resumeQueue('q');
        expect(s.effectsOf('ready')).toEqual([{ kind: 'ready', queue: 'q' }]);
      }),
    );

    it(
      'report that a queue has work when a run returns to it',
      withFixture(async (s) => {
        await s.add();
        const worker = await s.worker();
        const claim = await worker.claimOne();
        s.effects.length = 0;
        await worker.release(claim);
        expect(s.effectsOf('ready')).toEqual([{ kind: 'ready', queue: 'default' }]);
        await worker.retry(await worker.claimOne(), MINUTE);
        expect(s.effectsOf('timerDue')).toContainEqual({ kind: 'timerDue', at: s.now + MINUTE });
      }),
    );
  });

  describe('the store', () => {
    it(
      'answers a ping, and dumps equal states equally',
      withFixture(async (s) => {
        await expect(s.store.ping()).resolves.toBeUndefined();
        await s.addMany(3);
        expect(await s.store.dump()).toEqual(await s.store.dump());
        const before = JSON.stringify(await s.store.dump());
        await s.add();
        expect(JSON.stringify(await s.store.dump())).not.toBe(before);
      }),
    );
  });
}
