import { describe, expect, it } from '@jest/globals';
import { UnknownDependencyError } from '../../libs/scheduler/src/core/errors.js';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { DAY, edgeTo, edgeToNewest, taskRecordOf, newExecution, nextId } from '../contract/fixtures.js';
import { StoreFixture, steps } from '../contract/store-fixture.js';
import { redisSuite } from './suites.js';

class Killed extends Error {}

/** A store whose process is killed before it sends one of these scripts. */
class DyingStore extends RedisTaskStore {
  killedBefore: string | null = null;

  protected override commit<T>(script: string, ...args: string[]): Promise<T> {
    return script === this.killedBefore ? Promise.reject(new Killed()) : super.commit<T>(script, ...args);
  }

  protected override commitRepeatable<T>(script: string, ...args: string[]): Promise<T> {
    return script === this.killedBefore ? Promise.reject(new Killed()) : super.commitRepeatable<T>(script, ...args);
  }
}

/** More than one insert step and one part hold. */
const MANY = 230;

describe('a batch too large for one script', () => {
  const redis = redisSuite();
  let namespaces = 0;

  const open = (namespace: string, clock = new ManualClock(), historyCount?: number): Promise<DyingStore> =>
    redis.open(new DyingStore({ ...redis.settings(namespace, clock, historyCount), insertsPerCall: 50 }));

  const setUp = async (historyCount?: number) => {
    const namespace = `bulk${++namespaces}`;
    const clock = new ManualClock();
    const store = await open(namespace, clock, historyCount);
    const other = await open(namespace, clock, historyCount);
    const keys = (pattern: string) => redis.keysOf(namespace, pattern);
    return { s: new StoreFixture(store, clock), store, other, clock, keys };
  };
  const dependents = (upstream: string) =>
    Array.from({ length: MANY }, () => newExecution({ edges: [edgeTo(upstream)] }));

  it('is complete and in order when the call returns, and leaves no other data', async () => {
    const { s, store, keys } = await setUp();
    const upstream = await s.add();
    const batch = dependents(upstream);
    expect(await store.enqueue(batch)).toEqual(batch.map((each) => each.executionId));
    const worker = await s.worker();
    await worker.complete(await worker.claimOne(upstream));
    await s.maintain();
    const claims = await worker.claim(250);
    expect(claims.map((claim) => claim.executionId)).toEqual(batch.map((each) => each.executionId));
    expect(await keys('i[nh]:*')).toBe('*0');
    expect(await keys('ac')).toBe('*0');
  });

  it('is stored completely if its members depend on later ones', async () => {
    const { s, store } = await setUp();
    const batch = Array.from({ length: MANY }, () => newExecution());
    batch.forEach((each, i) => {
      const next = batch[i + 1];
      if (next) batch[i] = { ...each, edges: [edgeTo(next.executionId)] };
    });
    await store.enqueue(batch);
    const worker = await s.worker();
    for (const each of batch.toReversed()) await worker.complete(await worker.claimOne(each.executionId));
    expect((await s.stats()).byStatus).toMatchObject({ COMPLETED: MANY, PENDING: 0 });
  });

  it('is inserted by any node if the one that sent it cannot', async () => {
    const { s, store, other, keys } = await setUp();
    const upstream = await s.add();
    store.killedBefore = 'insertBatch';
    const batch = dependents(upstream);
    await store.enqueue(batch);
    expect(await other.getExecution(batch[MANY - 1]!.executionId)).toBeNull();
    await steps(() => other.promote(PROMOTE_PER_STEP));
    expect((await other.stats()).byStatus.PENDING).toBe(MANY + 1);
    expect(await keys('i[nh]:*')).toBe('*0');
  });

  it('is not stored if its node was killed before the commit', async () => {
    const { s, store, other, clock, keys } = await setUp(0);
    const upstream = await s.add();
    store.killedBefore = 'commitBatch';
    await expect(store.enqueue(dependents(upstream))).rejects.toThrow(Killed);
    const worker = await s.worker();
    await worker.complete(await worker.claimOne(upstream));
    // Kept, since the batch might have depended on it.
    expect(await s.status(upstream)).toBe('COMPLETED');
    clock.advance(DAY);
    await steps(() => other.prune(PROMOTE_PER_STEP));
    expect(await other.getExecution(upstream)).toBeNull();
    expect((await other.stats()).byStatus.PENDING).toBe(0);
    expect(await keys('i*')).toBe('*0');
  });

  it('finds the outcome of its upstream, even if that left history before the insertion', async () => {
    const { s, store, other } = await setUp(0);
    const [good, bad] = [await s.add(), await s.add()];
    store.killedBefore = 'insertBatch';
    const batch = [...dependents(good), ...dependents(bad)];
    await store.enqueue(batch);
    const worker = await s.worker();
    await worker.complete(await worker.claimOne(good));
    await worker.fail(await worker.claimOne(bad));
    await steps(() => other.promote(PROMOTE_PER_STEP));
    expect((await other.stats()).counters).toMatchObject({ skipped: MANY, scheduled: 2 * MANY + 2 });
    expect((await worker.claim(250)).map((claim) => claim.executionId)).toEqual(
      batch.slice(0, MANY).map((each) => each.executionId),
    );
    expect(await other.getExecution(bad)).toBeNull();
  });

  it('is refused as a whole if one execution depends on an unknown one', async () => {
    const { s, store, keys } = await setUp();
    const upstream = await s.add();
    const batch = dependents(upstream);
    batch[MANY - 1] = newExecution({ taskId: 'child', edges: [edgeTo('nothing')] });
    await expect(store.enqueue(batch)).rejects.toThrow(UnknownDependencyError);
    await s.maintain();
    expect((await s.stats()).byStatus.PENDING).toBe(1);
    expect(await keys('i*')).toBe('*0');
  });

  it('binds to the newest execution of a task within the batch', async () => {
    const { s, store } = await setUp();
    await store.putTasks([taskRecordOf('parent'), taskRecordOf('child')]);
    await s.depend('child', 'parent');
    const batch = Array.from({ length: MANY }, (_, i) =>
      i % 2 === 0
        ? newExecution({ taskId: 'parent' })
        : newExecution({ taskId: 'child', edges: [edgeToNewest('parent', 'success')] }),
    );
    await store.enqueue(batch);
    const worker = await s.worker();
    for (let i = 0; i < MANY; i += 2) {
      await worker.complete(await worker.claimOne(batch[i]!.executionId), i);
    }
    const [first] = await worker.claim(1);
    expect(first).toMatchObject({ executionId: batch[1]!.executionId, results: { parent: '0' } });
  });

  it('can be a workflow, which is visible as a whole from its commit on', async () => {
    const { s, store, other } = await setUp();
    const workflowId = nextId();
    const [root, ...leaves] = Array.from({ length: MANY }, (_, i) =>
      newExecution({ workflow: { workflowId, ref: `n${i}` }, tags: i === 0 ? null : ['leaf'] }),
    );
    const members = [root!, ...leaves.map((each) => ({ ...each, edges: [edgeTo(root!.executionId)] }))];
    const nodes = members.map(({ executionId, taskId, workflow }, i) => ({
      ...{ ref: workflow!.ref, executionId, taskId },
      dependsOn: i === 0 ? [] : [{ ref: 'n0', type: 'success' as const }],
    }));
    store.killedBefore = 'insertBatch';
    await store.startWorkflow({ workflowId, name: 'wide', nodes }, members);
    const seen = await other.getWorkflow(workflowId);
    expect(seen!.nodes.map((node) => node.status)).toEqual(members.map(() => 'PENDING'));
    // The root has run and failed before the last leaf is inserted.
    await other.promote(PROMOTE_PER_STEP);
    const worker = await s.worker();
    await worker.fail(await worker.claimOne(root!.executionId));
    await s.maintain();
    const ended = await other.getWorkflow(workflowId);
    expect(ended!.status).toBe('FAILED');
    expect(ended!.nodes.map((node) => node.status)).toEqual(members.map((_, i) => (i === 0 ? 'FAILED' : 'SKIPPED')));
    store.killedBefore = null;
    await store.startWorkflow({ workflowId, name: 'wide', nodes }, members);
    expect((await s.stats()).counters.scheduled).toBe(MANY);
  });
});
