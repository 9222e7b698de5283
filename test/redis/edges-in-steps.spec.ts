import { describe, expect, it } from '@jest/globals';
import { settle, type NewExecution } from '../../libs/scheduler/src/core/commands.js';
import { UnknownDependencyError } from '../../libs/scheduler/src/core/errors.js';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { edgeTo, edgeToNewest, taskRecordOf, newExecution, TASKS } from '../contract/fixtures.js';
import { StoreFixture, steps } from '../contract/store-fixture.js';
import type { Worker } from '../contract/worker.js';
import { redisSuite } from './suites.js';

/** A store that leaves committed batches to the maintenance of others. */
class LeavingStore extends RedisTaskStore {
  protected override commitRepeatable<T>(script: string, ...args: string[]): Promise<T> {
    return script === 'insertBatch' ? Promise.reject(new Error('killed')) : super.commitRepeatable<T>(script, ...args);
  }
}

/** Edges of three steps. */
const MANY = 250;

describe('an execution whose edges are bound in several steps', () => {
  const redis = redisSuite();
  let namespaces = 0;

  const setUp = async () => {
    const clock = new ManualClock();
    const settings = redis.settings(`edges${++namespaces}`, clock, 0);
    const store = await redis.open(new LeavingStore(settings));
    const other = await redis.open(new RedisTaskStore(settings));
    await other.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
    const s = new StoreFixture(other, clock);
    const upstreams = await s.addMany(MANY, { priority: 1 });
    const edges = upstreams.map((id, i) => edgeTo(id, 'success', { ref: `u${i}` }));
    const worker = await s.worker();
    /** Schedules an execution that is not inserted yet. */
    const wait = async (more: Partial<NewExecution> = {}): Promise<string> => {
      const [id] = await store.enqueue([newExecution({ edges, ...more })]);
      return id!;
    };
    const step = async () => void (await other.promote(PROMOTE_PER_STEP));
    const expectAllGone = async (but: readonly string[] = []): Promise<void> => {
      await s.maintain();
      const { items } = await other.listExecutions({ limit: 1_000 });
      expect(items.map((each) => each.executionId)).toEqual(but);
    };
    return { s, store, other, upstreams, edges, worker, wait, step, expectAllGone };
  };
  const completeAll = async (worker: Worker, count = MANY): Promise<void> => {
    for (let done = 0; done < count;) {
      const claims = await worker.claim(Math.min(100, count - done));
      await worker.settle(...claims.map((claim) => settle.complete(claim, `${done}`)));
      done += claims.length;
    }
  };

  it('does not start before all are bound, even if the bound ones are satisfied', async () => {
    const { s, worker, wait, step, expectAllGone } = await setUp();
    const id = await wait();
    await step();
    expect(await s.waitingFor(id)).toBe('dependencies');
    await completeAll(worker);
    await step();
    expect(await s.waitingFor(id)).toBe('dependencies');
    await s.maintain();
    const claim = await worker.claimOne(id);
    expect(Object.keys(claim.results!)).toEqual(Array.from({ length: MANY }, (_, i) => `u${i}`));
    await worker.complete(claim);
    await expectAllGone();
  });

  it.each([10, 150, 240])('is SKIPPED by an upstream that fails meanwhile: %d', async (failing) => {
    const { s, other, upstreams, worker, wait, step } = await setUp();
    const id = await wait();
    await step();
    await completeAll(worker, failing);
    await worker.fail(await worker.claimOne(upstreams[failing]));
    await s.maintain();
    // A history of 0 keeps nothing without dependents: skipped executions are removed, and counted.
    expect(await other.getExecution(id)).toBeNull();
    expect((await s.stats()).counters).toMatchObject({ skipped: 1 });
    expect((await s.stats()).byStatus).toMatchObject({ PENDING: MANY - failing - 1, SKIPPED: 0 });
  });

  it.each([1, 2])('can be cancelled after step %d', async (at) => {
    const { s, store, worker, wait, step, expectAllGone } = await setUp();
    const id = await wait();
    for (let i = 0; i < at; i++) await step();
    expect(await store.cancel(id, 0)).toMatchObject({ is: 'CANCELLED' });
    await s.maintain();
    await completeAll(worker);
    await expectAllGone();
  });

  it.each([
    [1, 0],
    [1, 1],
    [2, 0],
  ])('can be cancelled after step %d, and reopened %d steps later', async (at, later) => {
    const { s, store, worker, wait, step, expectAllGone } = await setUp();
    const id = await wait();
    for (let i = 0; i < at; i++) await step();
    // Otherwise it would leave history, and could not be reopened.
    const keeper = await s.add({ edges: [edgeTo(id, 'always')], delay: 60_000 });
    expect(await store.cancel(id, 0)).toMatchObject({ is: 'CANCELLED' });
    for (let i = 0; i < later; i++) await step();
    expect(await store.reopen(id)).toMatchObject({ is: 'PENDING' });
    await completeAll(worker, MANY - 1);
    await s.maintain();
    expect(await s.waitingFor(id)).toBe('dependencies');
    await completeAll(worker, 1);
    await s.maintain();
    await worker.complete(await worker.claimOne(id));
    await s.advance(60_000);
    await worker.complete(await worker.claimOne(keeper));
    await expectAllGone();
  });

  it('does not bind to itself as the newest execution of its task', async () => {
    const { s, other, worker, edges, wait, step } = await setUp();
    await s.depend('child', 'parent');
    await s.depend('plain', 'child');
    const older = await s.add({ taskId: 'child', delay: 60_000 });
    const id = await wait({ taskId: 'child', edges: [...edges, edgeToNewest('child', 'always')] });
    await step();
    await completeAll(worker);
    await s.maintain();
    const { dependencies } = (await s.get(id)).waitingFor as { dependencies: { executionId: string }[] };
    expect(dependencies.map((each) => each.executionId)).toEqual([older]);
    const after = await s.add({ edges: [edgeToNewest('child', 'always')] });
    const waits = (await s.get(after)).waitingFor as { dependencies: { executionId: string }[] };
    expect(waits.dependencies.map((each) => each.executionId)).toEqual([id]);
    expect(await other.cancel(older, 0)).toMatchObject({ is: 'CANCELLED' });
    await s.maintain();
    await worker.complete(await worker.claimOne(id));
    await s.maintain();
    await worker.complete(await worker.claimOne(after));
  });

  it('releases those that wait for the next of its task, even if it ended before it was bound', async () => {
    const { s, other, upstreams, worker, wait, step } = await setUp();
    await s.depend('plain', 'child');
    const next = await s.add({ edges: [edgeToNewest('child')] });
    await wait({ taskId: 'child' });
    await step();
    await worker.fail(await worker.claimOne(upstreams[0]));
    await s.maintain();
    expect(await other.getExecution(next)).toBeNull();
    expect((await s.stats()).counters.skipped).toBe(2);
  });

  it('is refused as a whole if one of them is unknown', async () => {
    const { s, store, edges } = await setUp();
    const wrong = edges.with(240, edgeTo('none'));
    await expect(store.enqueue([newExecution(), newExecution({ edges: wrong })])).rejects.toBeInstanceOf(
      UnknownDependencyError,
    );
    await steps(() => store.prune(PROMOTE_PER_STEP));
    expect((await s.stats()).byStatus.PENDING).toBe(MANY);
  });

  it('is bound in parts also if a few upstreams are large', async () => {
    const { s, store, other, worker, upstreams } = await setUp();
    const first = upstreams.slice(0, 20);
    // Otherwise they would leave history.
    const keeper = await s.add({ edges: first.map((id) => edgeTo(id)), priority: 4 });
    const large = JSON.stringify('x'.repeat(200_000));
    for (const id of first) await worker.complete(await worker.claimOne(id), large);
    const [id] = await store.enqueue([newExecution({ edges: first.map((each) => edgeTo(each)) })]);
    expect(await other.getExecution(id!)).toBeNull();
    await steps(() => other.promote(PROMOTE_PER_STEP));
    expect(await s.waitingFor(id!)).toBe('queue');
    expect(await s.waitingFor(keeper)).toBe('queue');
  });
});
