import { beforeEach, describe, expect, it } from '@jest/globals';
import type { NewExecution } from '../../libs/scheduler/src/core/commands.js';
import { edgeTo, taskRecordOf, newExecution, nextId } from '../contract/fixtures.js';
import type { Measured } from './script-times.js';
import { redisSuite } from './suites.js';

const KB = 1024;
/** Characters of one request: its budget, and the data other than payloads. */
const REQUEST = 9 * 1024 * KB;
const payload = JSON.stringify('x'.repeat(250 * KB));

describe('batches of large payloads on Redis', () => {
  const redis = redisSuite();
  let m: Measured;

  beforeEach(async () => {
    m = await redis.measured();
  });

  const large = (count: number, more: Partial<NewExecution> = {}): NewExecution[] =>
    Array.from({ length: count }, () => newExecution({ payload, ...more }));
  const expectOrder = async (ids: readonly string[]): Promise<void> => {
    expect(await m.store.queueSizes('default')).toEqual([0, 0, ids.length, 0, 0]);
    const worker = await m.s.worker();
    const claimed: string[] = [];
    while (claimed.length < ids.length) claimed.push(...(await worker.claimIds(250)));
    expect(claimed).toEqual(ids);
  };

  it.each([{}, { tags: ['large'] }])(
    'are stored completely in parts, in order: %j',
    async (more) => {
      const batch = large(100, more);
      const ids = batch.map((each) => each.executionId);
      expect(await m.store.enqueue(batch)).toEqual(ids);
      expect(m.store.largestRequest).toBeLessThan(REQUEST);
      await expectOrder(ids);
    },
    60_000,
  );

  it('that are sent one by one at the same time go in round trips of bounded size', async () => {
    const batch = large(100);
    const ids = await Promise.all(batch.map(async (each) => (await m.store.enqueue([each]))[0]!));
    expect(m.store.largestRequest).toBeLessThan(REQUEST);
    expect((await m.s.stats()).byStatus.PENDING).toBe(100);
    expect(new Set(ids).size).toBe(100);
  }, 60_000);

  it('as a workflow are stored in parts', async () => {
    const workflowId = nextId();
    const [root, ...rest] = large(60).map((each, i) => ({ ...each, workflow: { workflowId, ref: `n${i}` } }));
    const members = [root!, ...rest.map((each) => ({ ...each, edges: [edgeTo(root!.executionId)] }))];
    const nodes = members.map(({ executionId, taskId, workflow }, i) => ({
      ...{ executionId, taskId, ref: workflow.ref },
      dependsOn: i === 0 ? [] : [{ ref: 'n0', type: 'success' as const }],
    }));
    await m.store.startWorkflow({ workflowId, name: 'large', nodes }, members);
    expect(m.store.largestRequest).toBeLessThan(REQUEST);
    const worker = await m.s.worker();
    await worker.complete(await worker.claimOne(root!.executionId));
    await m.s.maintain();
    expect(await m.store.queueSizes('default')).toEqual([0, 0, 59, 0, 0]);
  }, 60_000);

  it('as payloads of definitions are stored in parts', async () => {
    const mirrors = Array.from({ length: 60 }, (_, i) => taskRecordOf(`large${i}`, { payload: 'x'.repeat(250 * KB) }));
    await m.store.putTasks(mirrors);
    expect(m.store.largestRequest).toBeLessThan(REQUEST);
    expect(await m.store.getTask('large59')).toEqual(mirrors[59]);
  }, 60_000);
});
