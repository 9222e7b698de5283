import { afterEach, describe, expect, it } from '@jest/globals';
import type { SchedulerModuleOptions } from 'nestjs-advanced-scheduler';
import { closeApps, gate, startApp, type Tasks } from '../support/app.js';
import { closeAll, proxyTo, serve } from './fixtures.js';

afterEach(async () => {
  await closeApps();
  await closeAll();
});

let namespaces = 0;
const start = (url: string, tasks: Tasks, options: SchedulerModuleOptions = {}) =>
  startApp(tasks, { store: { type: 'redis', url }, namespace: `away${++namespaces}`, ...options });

const code = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: { code: string }) => error.code,
  );

/** How long it took, ms. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

describe('calls while the store is unreachable', () => {
  it.each(['freeze', 'kill'] as const)('are refused within their budget, however many there are: %s', async (how) => {
    const server = await serve();
    const { scheduler } = await start(server.url, { t: () => 'ran' }, { autoStart: false });
    await scheduler.scheduleTask('t');
    await server[how]();
    let codes: string[] = [];
    const took = await timed(async () => {
      codes = await Promise.all(Array.from({ length: 2_000 }, () => code(scheduler.scheduleTask('t'))));
    });
    if (how === 'freeze') server.thaw();
    expect(new Set(codes.map((each) => /^(?:STORE_UNAVAILABLE|OUTCOME_UNKNOWN)$/.test(each)))).toEqual(new Set([true]));
    // 10 s, 2 s more for calls in flight, and the time of a busy machine.
    expect(took).toBeLessThan(20_000);
  });

  it('that wait behind refused ones continue when the store is back', async () => {
    const server = await serve();
    const { scheduler } = await start(server.url, { t: () => 'ran' }, { autoStart: false });
    await scheduler.scheduleTask('t');
    await server.kill();
    const first = Array.from({ length: 1_000 }, () => code(scheduler.scheduleTask('t')));
    const refused = Promise.race(first);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const second = Array.from({ length: 1_000 }, () => code(scheduler.scheduleTask('t')));
    expect(await refused).toBe('STORE_UNAVAILABLE');
    await server.start();
    // The server has lost its data; the calls are still executed.
    expect(new Set(await Promise.all(second))).toEqual(new Set(['done']));
    await Promise.all(first);
  });
});

describe('closing while the store does not respond', () => {
  it.each(['freeze', 'kill'] as const)('takes a few seconds if nothing runs: %s', async (how) => {
    const server = await serve();
    const { module } = await start(server.url, { t: () => 'ran' });
    await server[how]();
    const took = await timed(() => module.close());
    if (how === 'freeze') server.thaw();
    expect(took).toBeLessThan(8_000);
  });

  it('takes one budget if handlers run: drain, grace, and a few seconds', async () => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const begun = gate();
    const { module, scheduler } = await start(
      proxy.url,
      {
        deaf: () => {
          begun.open();
          return new Promise(() => undefined);
        },
        quick: () => 'ran',
      },
      { shutdown: { drain: '2s', grace: '500ms' } },
    );
    const id = await scheduler.scheduleTask('deaf');
    await begun.opened;
    const waiting = code(scheduler.waitForExecution(id));
    // Replies arrive in order: the wait has read its execution.
    await scheduler.getTaskStatus(id);
    proxy.blackhole();
    const took = await timed(() => module.close());
    expect(await waiting).toBe('SCHEDULER_CLOSED');
    expect(took).toBeGreaterThan(2_000);
    expect(took).toBeLessThan(2_500 + 8_000 + 6_000);
  });

  it('still reports ended runs to the store if it responds again within the budget', async () => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const [begun, door] = [gate(), gate()];
    const namespace = `away${++namespaces}`;
    const { module, scheduler } = await start(
      proxy.url,
      { slow: () => (begun.open(), door.opened.then(() => 'ran')) },
      { namespace },
    );
    const id = await scheduler.scheduleTask('slow');
    await begun.opened;
    proxy.refuse();
    const closing = module.close();
    door.open();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    proxy.heal();
    await closing;
    const next = await start(server.url, { slow: () => 'again' }, { namespace, autoStart: false });
    expect(await next.scheduler.getTaskStatus(id)).toMatchObject({ status: 'COMPLETED', result: 'ran' });
  });
});
