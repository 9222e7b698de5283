import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { StoreFullError } from '../../libs/scheduler/src/core/errors.js';
import { EmbeddedTaskStore } from '../../libs/scheduler/src/store/embedded/embedded.store.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { helloOf, taskRecordOf, newExecution, newSchedule, TASKS } from '../contract/fixtures.js';
import { temporaryFolder } from '../support/open-embedded.js';
import { mayMount, mountDisk, takeAll, unmountDisk } from '../support/small-disk.js';

jest.setTimeout(60_000);

(mayMount ? describe : describe.skip)('an embedded store on a disk of 8 MiB', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: EmbeddedTaskStore;
  const clock = new ManualClock();
  const payload = JSON.stringify('x'.repeat(2000));

  beforeEach(async () => {
    folder = temporaryFolder();
    mountDisk(folder.path('.'), '8m');
    await reopen();
    await store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
  });
  afterEach(async () => {
    await store.close();
    unmountDisk(folder.path('.'));
    folder.remove();
  });

  async function reopen(): Promise<void> {
    store = new EmbeddedTaskStore({ path: folder.path('scheduler.db'), clock, history: { count: 100 } });
    await store.open();
    await store.register(helloOf('w'));
  }

  let sequence = 0;
  async function claim(demand: number): Promise<readonly Claim[]> {
    return (await store.exchange({ workerId: 'w', pipeline: 0, sequence: ++sequence, settlements: [], demand })).claims;
  }

  async function complete(claims: readonly Claim[]): Promise<void> {
    const settlements = claims.map((each) => settle.complete(each, payload));
    const reply = await store.exchange({ workerId: 'w', pipeline: 0, sequence: ++sequence, settlements, demand: 0 });
    expect(reply.settled).toEqual(claims.map(() => 'applied'));
  }

  /** Fills the disk until the store has no reserve to release. */
  async function starve(): Promise<void> {
    for (;;) {
      takeAll(folder.path('somebody'));
      const refusal = await store.enqueue([newExecution({ queue: 'idle' })]).catch((error: unknown) => error);
      if (refusal instanceof StoreFullError) return;
    }
  }

  /** Adds work until it is refused. */
  async function fillUp(): Promise<string[]> {
    const ids: string[] = [];
    for (;;) {
      try {
        ids.push(...(await store.enqueue([newExecution({ payload }), newExecution({ payload })])));
      } catch (error) {
        expect(error).toBeInstanceOf(StoreFullError);
        return ids;
      }
    }
  }

  it('refuses new work with STORE_FULL, finishes accepted work, and accepts new work when there is space', async () => {
    const ids = await fillUp();
    expect(ids.length).toBeGreaterThan(200);
    await expect(store.enqueue([newExecution({ payload })])).rejects.toMatchObject({ code: 'STORE_FULL' });
    await expect(store.putSchedule(newSchedule({ id: 's', nextRunTime: 1, payload }))).rejects.toMatchObject({
      code: 'STORE_FULL',
    });
    let done = 0;
    for (let claims = await claim(20); claims.length > 0; claims = await claim(20)) {
      await complete(claims);
      done += claims.length;
    }
    expect(done).toBe(ids.length);
    expect((await store.stats()).counters.completed).toBe(ids.length);
    // History was trimmed to 100, so there is space again.
    await store.enqueue([newExecution({ payload })]);
  });

  it('finishes running work if another program has filled the disk, and keeps it over a restart', async () => {
    await store.enqueue(Array.from({ length: 60 }, () => newExecution({ payload })));
    const claims = await claim(60);
    await starve();
    for (let at = 0; at < claims.length; at += 10) await complete(claims.slice(at, at + 10));
    await store.close();
    await reopen();
    expect((await store.stats()).byStatus.COMPLETED).toBe(60);
    await starve();
    rmSync(folder.path('somebody'));
    await store.enqueue([newExecution()]);
  });

  it('delays its replies if not even the reserve is enough, and sends them when there is space', async () => {
    await store.enqueue(Array.from({ length: 250 }, () => newExecution({ payload })));
    const claims = await claim(250);
    await starve();
    const large = JSON.stringify('y'.repeat(20_000));
    const settlements = claims.map((each) => settle.complete(each, large));
    const request = { workerId: 'w', pipeline: 0, sequence: ++sequence, settlements, demand: 0 };
    let answered = false;
    const reply = store.exchange(request).finally(() => (answered = true));
    while (!store['group']!.isWaitingForSpace) await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    rmSync(folder.path('somebody'));
    expect(new Set((await reply).settled)).toEqual(new Set(['applied']));
  });
});
