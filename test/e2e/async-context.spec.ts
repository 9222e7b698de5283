import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SchedulerEvents } from 'nestjs-advanced-scheduler';
import { aborted, gate, startApp, startKit } from '../support/app.js';
import { describeEveryStore } from '../support/every-store.js';

interface Store {
  of: string;
}
const als = new AsyncLocalStorage<Store>();
const here = (): string | undefined => als.getStore()?.of;
const asRequest = <T>(of: string, fn: () => T): T => als.run({ of }, fn);

describeEveryStore('the async context of an app', (fresh) => {
  /** Apps are created in a named context, to distinguish it from the absence of one. */
  const start: typeof startApp = (tasks, options, more) =>
    als.run({ of: 'boot' }, () => startApp(tasks, { ...fresh(), ...options }, more));

  it('is that of every run, whatever request schedules it, retries it or delays it', async () => {
    const seen: string[] = [];
    const { scheduler } = await start(
      {
        t: [
          { retryConfig: { strategy: 'FIXED', maxAttempts: 2, initialDelay: 5 } },
          async ({ of }: Store, ctx) => {
            seen.push(`${of}${ctx.attempt}:${here()}`);
            await new Promise(setImmediate);
            seen.push(`${of}${ctx.attempt}:${here()}`);
            if (ctx.attempt === 1) throw new Error('again');
          },
        ],
      },
      { maxConcurrentTasks: 1 },
    );
    const ids = await Promise.all(
      ['A', 'B', 'C'].map((of) =>
        asRequest(of, async () => {
          const id = await scheduler.scheduleTask('t', { payload: { of } });
          expect(here()).toBe(of);
          expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'COMPLETED' });
          expect(here()).toBe(of);
          return id;
        }),
      ),
    );
    expect(ids).toHaveLength(3);
    expect([...new Set(seen)].sort()).toEqual(['A1:boot', 'A2:boot', 'B1:boot', 'B2:boot', 'C1:boot', 'C2:boot']);
  });

  it('is entered anew by each handler, retryIf and listener: an enterWith in one does not affect the next', async () => {
    const seen: (string | undefined)[] = [];
    const pollute = (of: string): void => {
      seen.push(here());
      als.enterWith({ of });
    };
    const { scheduler, module } = await start(
      {
        sync: () => pollute('sync'),
        later: async () => {
          pollute('later');
          await new Promise(setImmediate);
          als.enterWith({ of: 'later still' });
        },
        failing: [
          {
            retryConfig: {
              strategy: 'FIXED',
              maxAttempts: 2,
              initialDelay: 1,
              retryIf: () => (pollute('retryIf'), true),
            },
          },
          () => {
            pollute('failing');
            throw new Error('failed');
          },
        ],
      },
      { maxConcurrentTasks: 2 },
    );
    const listener = (): void => pollute('listener');
    const emitter = module.get(EventEmitter2, { strict: false });
    for (const name of [SchedulerEvents.EXECUTION_STARTED, SchedulerEvents.EXECUTION_COMPLETED])
      emitter.on(name, listener);
    const tasks = ['sync', 'later', 'failing', 'sync', 'later', 'failing', 'sync'];
    const ids = await scheduler.scheduleTasks(tasks.map((taskId) => ({ taskId })));
    await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
    expect(seen.length).toBeGreaterThan(12);
    expect([...new Set(seen)]).toEqual(['boot']);
    expect(here()).toBeUndefined();
  });

  it('is that of the ticks of a schedule created by a request', async () => {
    const ticked = gate<string | undefined>();
    const { scheduler } = await start({ t: () => ticked.open(here()) });
    await asRequest('A', () => scheduler.scheduleCronTask('t', '* * * * * *'));
    expect(await ticked.opened).toBe('boot');
  });

  it('is that of listeners and signals, whatever request causes them', async () => {
    const seen: string[] = [];
    const running = gate();
    const { scheduler, module } = await start({
      t: async (_payload, ctx) => {
        ctx.signal.addEventListener('abort', () => seen.push(`abort:${here()}`));
        ctx.progress(0.5);
        running.open();
        await aborted(ctx.signal);
      },
    });
    module.get(EventEmitter2, { strict: false }).onAny((name) => seen.push(`${String(name)}:${here()}`));
    await asRequest('A', async () => {
      const id = await scheduler.scheduleTask('t');
      await running.opened;
      await scheduler.taskQueue.pause('default');
      await asRequest('B', () => scheduler.cancelTask(id));
      await scheduler.waitForExecution(id);
      await scheduler.taskQueue.resume('default');
    });
    expect(seen).toEqual(
      expect.arrayContaining(['abort:boot', 'scheduler.execution.started:boot', 'scheduler.queue.paused:boot']),
    );
    expect(seen.filter((each) => !each.endsWith(':boot'))).toEqual([]);
  });

  it('is that of claiming that a request starts', async () => {
    const seen: (string | undefined)[] = [];
    const { scheduler } = await start({ t: () => void seen.push(here()) }, { autoStart: false });
    const before = await asRequest('A', () => scheduler.scheduleTask('t'));
    await asRequest('B', () => scheduler.start());
    await scheduler.waitForExecution(before);
    await asRequest('C', () => scheduler.stop());
    const between = await scheduler.scheduleTask('t');
    await asRequest('D', () => scheduler.start());
    await scheduler.waitForExecution(between);
    expect(seen).toEqual(['boot', 'boot']);
  });

  it('is not that of callbacks of a caller: the body of withLock keeps its own', async () => {
    const { scheduler } = await start({});
    const held = await scheduler.lockManager.acquire('k');
    const waiting = asRequest('A', () =>
      scheduler.lockManager.withLock('k', {}, (lock) => {
        lock.signal.throwIfAborted();
        return here();
      }),
    );
    await asRequest('B', () => held!.release());
    expect(await waiting).toBe('A');
  });

  it('retains no request: its store is collected once it has ended, while schedule, queue and lock continue', async () => {
    const { scheduler } = await start({ t: () => undefined });
    let kept: WeakRef<object> | null = null;
    await (async () => {
      const request = { of: 'A' };
      kept = new WeakRef(request);
      await als.run(request, async () => {
        await scheduler.scheduleCronTask('t', '*/2 * * * * *');
        await scheduler.scheduleTask('t', { delay: '1h' });
        await scheduler.lockManager.acquire('k', { ttl: '1h' });
        await scheduler.waitForExecution(await scheduler.scheduleTask('t'));
      });
    })();
    await scheduler.waitForExecution(await scheduler.scheduleTask('t'));
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    for (let turn = 0; turn < 50 && kept!.deref() !== undefined; turn++) {
      await new Promise(setImmediate);
      gc();
    }
    expect(kept!.deref()).toBeUndefined();
  });
});

describe('a kit', () => {
  it('runs handlers in the context in which its app was created, whichever context advances its clock', async () => {
    const seen: (string | undefined)[] = [];
    const { kit, scheduler } = await als.run({ of: 'boot' }, () => startKit({ t: () => void seen.push(here()) }));
    await asRequest('A', () => scheduler.scheduleCronTask('t', '0 * * * *'));
    await asRequest('B', () => kit.advance('3h'));
    expect(seen).toEqual(['boot', 'boot', 'boot']);
  });
});
