import { expect, it } from '@jest/globals';
import type { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { edgeTo, MINUTE, newExecution, TASKS, taskRecordOf } from '../contract/fixtures.js';
import { StoreFixture } from '../contract/store-fixture.js';
import { openRedisOn } from '../support/open-redis.js';
import { suiteServer } from '../support/suite-server.js';

const server = suiteServer();

it('a batch keeps its upstreams while another dependent of them is set aside', async () => {
  const { store, clock, close } = await openRedisOn(server, false, 1)({ history: { count: 0 } });
  try {
    const s = new StoreFixture(store, clock);
    await store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
    const upstream = await s.add({ taskId: 'parent' });
    const damaged = await s.add({ taskId: 'child', delay: MINUTE, edges: [edgeTo(upstream)] });
    const worker = await s.worker();
    await worker.complete(await worker.claimOne(upstream));

    const { connection, settings } = store as unknown as {
      connection: { run: (name: string, ...rest: unknown[]) => Promise<unknown> };
      settings: RedisTaskStore['settings'];
    };
    const run = connection.run.bind(connection);
    let isStaged = false;
    connection.run = async (name, ...rest) => {
      if (name === 'commitBatch' && !isStaged) {
        isStaged = true;
        await server().command('HSET', `{${settings.namespace}}:x`, damaged, 'garbage');
        await store.cancel(damaged, 0);
        await s.maintain();
        expect((await s.stats()).setAside).toBe(1);
      }
      return run(name, ...rest);
    };
    const batch = [0, 1].map(() => newExecution({ taskId: 'child', edges: [edgeTo(upstream)] }));
    const ids = await store.enqueue(batch);
    await s.maintain();
    expect(isStaged).toBe(true);
    expect(await worker.claimIds(9)).toEqual(ids);
  } finally {
    await close();
  }
});
