import { describe, expect, it } from '@jest/globals';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { MINUTE } from '../contract/fixtures.js';
import type { StoreFixture } from '../contract/store-fixture.js';
import { fixtureSuite } from './fixture-suite.js';

const play = fixtureSuite();

/** One step of the removal of `plain`. @returns the next one */
async function remove({ store }: StoreFixture, step: string, examined: number): Promise<string> {
  if (!(store instanceof RedisTaskStore)) throw new Error('not a store on Redis');
  return store['commit']<string>('removeTask', 'plain', step, examined);
}

describe('the removal of a task', () => {
  it('cancels all that is queued while ids of ended executions leave the index', () =>
    play(
      async (s) => {
        const worker = await s.worker();
        const endOthers = async (rounds: number): Promise<void> => {
          for (let i = 0; i < rounds; i++) {
            await s.addMany(200, { taskId: 'parent' });
            for (const claim of await worker.claimAll(200)) await worker.complete(claim);
          }
        };
        await endOthers(5);
        const ids = await s.addMany(5, { delay: MINUTE });
        let step = '';
        while (!(Number(step) >= 1_000)) step = await remove(s, step, 500);
        await endOthers(3);
        while (step !== 'done') step = await remove(s, step, 500);
        expect(await s.statuses(...ids)).toEqual(ids.map(() => 'CANCELLED'));
      },
      { history: { count: 10, age: null, bytes: null } },
    ));
});
