import { describe, expect, it } from '@jest/globals';
import { UnknownDependencyError } from '../../libs/scheduler/src/core/errors.js';
import { MAX_BATCH } from '../../libs/scheduler/src/core/limits.js';
import { TaskPriority } from '../../libs/scheduler/src/core/priority.js';
import { edgeTo, idOf, newExecution, nextId, type OpenStore } from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function enqueueContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('enqueue', () => {
    it(
      'stores all fields of the request',
      withFixture(async (s) => {
        const id = await s.add({
          taskId: 'child',
          queue: 'reports',
          priority: TaskPriority.LOW,
          payload: '{"month":"2026-01"}',
          tags: ['eu', 'monthly'],
        });
        const now = new Date(s.now).toISOString();
        expect(await s.get(id)).toMatchObject({
          executionId: id,
          taskId: 'child',
          taskName: 'The child task',
          status: 'PENDING',
          priority: TaskPriority.LOW,
          queue: 'reports',
          payload: { month: '2026-01' },
          scheduledTime: now,
          createdTime: now,
          startedTime: null,
          completedTime: null,
          cancelRequestedTime: null,
          retryCount: 0,
          result: null,
          error: null,
          reason: null,
          rootCause: null,
          attempts: [],
          progress: null,
          logs: [],
          workflowId: null,
          ref: null,
          scheduleId: null,
          tags: ['eu', 'monthly'],
        });
      }),
    );

    it(
      "accepts a due time as an instant or as a delay from the store's clock",
      withFixture(async (s) => {
        const delayed = await s.add({ delay: 90_000 });
        const dated = await s.add({ scheduledTime: s.now + 7_000 });
        expect((await s.get(delayed)).scheduledTime).toBe(new Date(s.now + 90_000).toISOString());
        expect((await s.get(dated)).scheduledTime).toBe(new Date(s.now + 7_000).toISOString());
      }),
    );

    it(
      'returns the ids in the order of the requests',
      withFixture(async (s) => {
        const batch = [newExecution(), newExecution({ priority: TaskPriority.CRITICAL }), newExecution({ delay: 5 })];
        expect(await s.store.enqueue(batch)).toEqual(batch.map((execution) => execution.executionId));
      }),
    );

    it(
      'accepts an empty batch',
      withFixture(async (s) => {
        expect(await s.store.enqueue([])).toEqual([]);
        expect(s.effects).toEqual([]);
      }),
    );

    it(
      'returns the payload as the same text',
      withFixture(async (s) => {
        const text = '{ "b":1,   "a":[ ],"n":1.0,"__proto__":{"x":1} }';
        await s.add({ payload: text });
        const worker = await s.worker();
        expect((await worker.claimOne()).payload).toBe(text);
        await s.add({ payload: null });
        expect((await worker.claimOne()).payload).toBeNull();
      }),
    );

    it(
      'stores nothing of a batch if one execution of it is wrong',
      withFixture(async (s) => {
        const before = await s.store.dump();
        const batch = [
          newExecution(),
          newExecution({ taskId: 'child', edges: [edgeTo(idOf(0xdead))] }),
          newExecution({ delay: 1 }),
        ];
        await expect(s.store.enqueue(batch)).rejects.toBeInstanceOf(UnknownDependencyError);
        for (const { executionId } of batch) expect(await s.store.getExecution(executionId)).toBeNull();
        expect(await s.store.dump()).toEqual(before);
        expect(s.effects).toEqual([]);
      }),
    );

    it(
      'accepts an edge to any execution of the same batch, earlier or later',
      withFixture(async (s) => {
        const [a, b, c] = [nextId(), nextId(), nextId()];
        await s.store.enqueue([
          newExecution({ executionId: a, edges: [edgeTo(b)] }),
          newExecution({ executionId: b }),
          newExecution({ executionId: c, edges: [edgeTo(b)] }),
        ]);
        const worker = await s.worker();
        const claims = await worker.claim(5);
        expect(claims.map((claim) => claim.executionId)).toEqual([b]);
        await worker.complete(claims[0]!);
        expect(new Set(await worker.claimIds(5))).toEqual(new Set([a, c]));
      }),
    );

    it(
      'treats an id that exists already as a repeat, whatever its state',
      withFixture(async (s) => {
        const batch = [newExecution(), newExecution({ delay: 60_000 }), newExecution({ taskId: 'child' })];
        const ids = await s.store.enqueue(batch);
        const worker = await s.worker();
        await worker.complete(await worker.claimOne(ids[0]), 'done');
        await worker.claimOne(ids[2]);
        const before = await s.store.dump();
        s.effects.length = 0;
        expect(await s.store.enqueue(batch)).toEqual(ids);
        expect(await s.store.dump()).toEqual(before);
        expect(s.effectsOf('execution')).toEqual([]);
        const mixed = [batch[0]!, newExecution({ edges: [edgeTo(ids[0]!)] })];
        expect(await s.store.enqueue(mixed)).toEqual(mixed.map((execution) => execution.executionId));
        expect(await worker.claimIds(9)).toEqual([mixed[1]!.executionId]);
      }),
    );

    it(
      'stores a full batch in order',
      withFixture(async (s) => {
        const ids = await s.addMany(MAX_BATCH);
        expect(new Set(ids).size).toBe(MAX_BATCH);
        expect((await s.store.queueSizes('default'))[TaskPriority.NORMAL]).toBe(MAX_BATCH);
        expect(await s.store.peekQueue('default', 5)).toEqual(ids.slice(0, 5));
      }),
    );
  });
}
