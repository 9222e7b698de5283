import { afterEach, describe, expect, it } from '@jest/globals';
import { luaScripts } from '../../libs/scheduler/src/store/redis/lua-scripts.js';
import { closeApps, gate, startApp } from '../support/app.js';
import { closeAll, proxyTo, serve } from './fixtures.js';

afterEach(async () => {
  await closeApps();
  await closeAll();
});

describe('waitForExecution', () => {
  it('resolves if the replies to the exchanges that report the ends are lost', async () => {
    const proxy = await proxyTo(await serve());
    const doors = Array.from({ length: 6 }, () => gate());
    const begun = gate();
    let count = 0;
    const { scheduler } = await startApp(
      {
        t: async ({ index }) => {
          if (++count === doors.length) begun.open();
          await doors[index]!.opened;
          return index;
        },
      },
      { store: { type: 'redis', url: proxy.url } },
    );
    const ids = await scheduler.scheduleTasks(doors.map((_, index) => ({ taskId: 't', payload: { index } })));
    const waits = ids.map((id) => scheduler.waitForExecution(id, { timeout: '40s' }));
    await begun.opened;
    // Replies arrive in order: the waits have read their executions.
    await scheduler.getTaskStatus(ids[0]!);
    for (const door of doors) {
      const dropped = proxy.dropReplyTo(luaScripts().scripts.get('exchange')!.function);
      door.open();
      await dropped;
    }
    expect((await Promise.all(waits)).map(({ status, result }) => [status, result as unknown])).toEqual(
      doors.map((_, index) => ['COMPLETED', index]),
    );
  });
});
