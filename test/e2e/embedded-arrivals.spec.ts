import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EmbeddedTaskStore } from '../../libs/scheduler/src/store/embedded/embedded.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { edgeTo, edgeToNewest, taskRecordOf, newExecution, TASKS } from '../contract/fixtures.js';
import { StoreFixture } from '../contract/store-fixture.js';
import { temporaryFolder } from '../support/open-embedded.js';

jest.setTimeout(120_000);

describe('an execution with many dependents, on disk, whose process ends after each step', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let s: StoreFixture;
  const clock = new ManualClock();

  const open = async (): Promise<void> => {
    const store = new EmbeddedTaskStore({ path: folder.path('arrivals.db'), sync: 'interval', clock });
    await store.open();
    s = new StoreFixture(store, clock);
  };
  const restart = async (): Promise<void> => {
    await s.store.close();
    await open();
  };
  beforeEach(async () => {
    folder = temporaryFolder();
    await open();
    await s.store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
  });
  afterEach(async () => {
    await s.store.close();
    folder.remove();
  });

  const waiting = (count: number, taskId: string) =>
    s.addMany(count, { taskId, queue: 'behind', edges: [edgeToNewest('parent')] });
  const step = async (): Promise<void> => {
    await s.store.promote(1);
    await restart();
  };

  it('is used once, also by a dependent that was added while others were attached', async () => {
    await waiting(800, 'uncle');
    const [first] = await waiting(1, 'child');
    const worker = await s.worker();
    const parent = await s.add({ taskId: 'parent' });
    await worker.complete(await worker.claimOne(parent), 'first');
    const [second] = await waiting(1, 'child');
    const [other, others] = await waiting(2, 'grandchild');
    const [later] = await waiting(1, 'grandchild');
    for (let i = 0; i < 20; i++) await step();
    const ready = async () => (await s.statuses(first!, second!, other!, others!, later!)).join(' ');
    expect(await ready()).toBe('PENDING PENDING PENDING PENDING PENDING');
    const where = await Promise.all([first, second, other, others, later].map((id) => s.waitingFor(id!)));
    expect(where).toEqual(['queue', 'dependencies', 'queue', 'queue', 'dependencies']);
    const next = await s.add({ taskId: 'parent' });
    const again = await s.worker('w2');
    await again.complete(await again.claimOne(next), 'second');
    await s.maintain();
    expect(await Promise.all([second, later].map((id) => s.waitingFor(id!)))).toEqual(['queue', 'queue']);
    // Nothing keeps them in memory any more.
    for (const id of [parent, next]) expect(await s.status(id)).toBe('COMPLETED');
  });

  it('is used by all of one request, however many steps attach them', async () => {
    await waiting(300, 'uncle');
    await waiting(1, 'grandchild');
    const worker = await s.worker();
    const parent = await s.add({ taskId: 'parent' });
    await worker.complete(await worker.claimOne(parent), 'first');
    const ids = await waiting(250, 'child');
    const others = await waiting(2, 'child');
    for (let i = 0; i < 12; i++) await step();
    const where = async (some: readonly string[]) => new Set(await Promise.all(some.map((id) => s.waitingFor(id))));
    expect(await where(ids)).toEqual(new Set(['queue']));
    expect(await where(others)).toEqual(new Set(['dependencies']));
  });

  it('releases all dependents, also those that were bound before them', async () => {
    const before = await waiting(250, 'child');
    const parent = newExecution({ taskId: 'parent' });
    const named = newExecution({ taskId: 'grandchild', queue: 'behind', edges: [edgeTo(parent.executionId)] });
    await s.store.enqueue([parent, named]);
    const worker = await s.worker();
    await worker.complete(await worker.claimOne(parent.executionId));
    await restart();
    for (let i = 0; i < 10; i++) await step();
    const behind = await s.worker('behind', { queues: ['behind'] });
    expect(new Set([...(await behind.claimIds(250)), ...(await behind.claimIds(250))])).toEqual(
      new Set([named.executionId, ...before]),
    );
  });
});
