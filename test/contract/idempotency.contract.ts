import { describe, expect, it } from '@jest/globals';
import { IdempotencyConflictError } from '../../libs/scheduler/src/core/errors.js';
import { IDEMPOTENCY_MS } from '../../libs/scheduler/src/core/limits.js';
import { newExecution, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function idempotencyContract(open: OpenStore): void {
  const withFixture = fixtures(open);
  const key = (fingerprint = 'body') => ({ idempotency: { key: 'order-7', fingerprint } });

  describe('idempotency keys', () => {
    it(
      'return the first id for the same body, and store nothing more',
      withFixture(async (s) => {
        const first = await s.add(key());
        const before = await s.store.dump();
        s.effects.length = 0;
        expect(await s.add(key())).toBe(first);
        expect(await s.store.dump()).toEqual(before);
        expect(s.effectsOf('execution')).toEqual([]);
      }),
    );

    it(
      'refuse a different body, and with it the whole batch',
      withFixture(async (s) => {
        await s.add(key());
        const before = await s.store.dump();
        const batch = [newExecution(), newExecution(key('another body'))];
        await expect(s.store.enqueue(batch)).rejects.toBeInstanceOf(IdempotencyConflictError);
        expect(await s.store.dump()).toEqual(before);
      }),
    );

    it(
      'apply within one batch too',
      withFixture(async (s) => {
        const batch = [newExecution(key()), newExecution(), newExecution(key())];
        const ids = await s.store.enqueue(batch);
        expect(ids).toEqual([batch[0]!.executionId, batch[1]!.executionId, batch[0]!.executionId]);
        expect((await s.stats()).byStatus.PENDING).toBe(2);
        const clash = [
          newExecution({ idempotency: { key: 'new', fingerprint: 'a' } }),
          newExecution({ idempotency: { key: 'new', fingerprint: 'b' } }),
        ];
        await expect(s.store.enqueue(clash)).rejects.toBeInstanceOf(IdempotencyConflictError);
        expect((await s.stats()).byStatus.PENDING).toBe(2);
      }),
    );

    it(
      'are separate for each task',
      withFixture(async (s) => {
        const first = await s.add({ taskId: 'parent', ...key() });
        expect(await s.add({ taskId: 'child', ...key('another body') })).not.toBe(first);
      }),
    );

    it(
      'last for 24 hours from scheduling, also after the end',
      withFixture(async (s) => {
        const first = await s.add(key());
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(first));
        await s.advance(IDEMPOTENCY_MS - 1);
        expect(await s.add(key())).toBe(first);
        s.clock.advance(1);
        expect(await s.add(key('another body'))).not.toBe(first);
      }),
    );
  });
}
