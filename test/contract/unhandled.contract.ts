import { describe, expect, it } from '@jest/globals';
import { type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';
import type { Worker } from './worker.js';

/** More, in number and size, than one claim inspects. */
const MANY = 1_500;
const PAYLOAD = JSON.stringify('x'.repeat(500));

/** Executions that were refused by workers without their handler, behind many that cannot be claimed. */
export function unhandledContract(open: OpenStore): void {
  const queues = ['closed', 'open'];

  /** `ids` of the queue `closed`, and `open`, which came last. */
  const withFixture = (play: (s: StoreFixture, ids: readonly string[], open: string) => Promise<void>) =>
    fixtures(open)(async (s) => {
      const unable = await s.worker('unable', { queues, tasks: ['plain'] });
      const add = (count: number, queue: string) => s.addMany(count, { taskId: 'nightly', queue, payload: PAYLOAD });
      const ids = await add(MANY, 'closed');
      await setAllAside(unable);
      const [last] = await add(1, 'open');
      await setAllAside(unable);
      expect(await s.waitingFor(ids.at(-1)!)).toBe('handler');
      expect(await s.waitingFor(last!)).toBe('handler');
      await play(s, ids, last!);
    });
  const setAllAside = async (unable: Worker): Promise<void> => {
    while ((await unable.exchange({ demand: 250 })).more);
  };
  const claimAll = async (worker: Worker): Promise<string[]> => {
    const ids: string[] = [];
    for (let claimed = await worker.claimIds(250); claimed.length > 0; claimed = await worker.claimIds(250))
      ids.push(...claimed);
    return ids;
  };

  describe('an execution that was refused by a worker without its handler', () => {
    it(
      'is found behind many of a paused queue, which keep their order',
      withFixture(async (s, ids, last) => {
        await s.store.pauseQueue('closed');
        const able = await s.worker('able', { queues });
        const ready = await s.add({ queue: 'open' });
        expect(await able.claimIds(9)).toEqual([last, ready]);
        await s.store.resumeQueue('closed');
        expect(await claimAll(able)).toEqual(ids);
        expect((await s.stats()).unhandledTasks).toEqual([]);
      }),
    );

    it(
      'is found behind many of a queue at its limit',
      withFixture(async (s, ids, last) => {
        await s.store.configureQueue('closed', { concurrency: 1, rateLimit: null });
        const able = await s.worker('able', { queues });
        expect((await able.claimIds(9)).sort()).toEqual([ids[0], last].sort());
        const again = await s.add({ taskId: 'nightly', queue: 'open' });
        await setAllAside(await s.worker('unable', { queues: ['open'], tasks: ['plain'] }));
        expect((await s.stats()).waitingForHandler).toBe(ids.length);
        expect(await able.claimIds(9)).toEqual([again]);
        await s.store.cancel(ids.at(-1)!, 0);
        expect((await s.stats()).waitingForHandler).toBe(ids.length - 2);
      }),
    );

    it(
      'is found behind many of a queue that its worker does not serve, or has no slots for',
      withFixture(async (s, ids, last) => {
        const able = await s.worker('able', { queues: ['open'] });
        expect(await able.claimIds(9)).toEqual([last]);
        const again = await s.add({ taskId: 'nightly', queue: 'open' });
        const busy = await s.worker('busy', { queues });
        const capacity = { closed: 0 };
        expect(await busy.claimIds(9, { capacity })).toEqual([again]);
        expect(await s.status(ids[0]!)).toBe('PENDING');
      }),
    );

    it(
      'wakes the workers of its queue when one with its handler joins',
      withFixture(async (s) => {
        s.effects.length = 0;
        await s.worker('able', { queues });
        expect(s.effectsOf('ready').map(({ queue }) => queue)).toEqual(expect.arrayContaining(queues));
      }),
    );
  });
}
