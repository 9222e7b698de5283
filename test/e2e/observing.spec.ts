import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { AdvancedTaskScheduler, ExecutionEvent } from 'nestjs-advanced-scheduler';
import { closeApps, startApp, startKit, type Tasks } from '../support/app.js';

afterEach(closeApps);

describe('waitForExecution', () => {
  it('returns the outcome, also of an ended execution', async () => {
    const { scheduler } = await startApp({ t: ({ n }) => n * 2 });
    const id = await scheduler.scheduleTask('t', { payload: { n: 21 } });
    expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'COMPLETED', result: 42 });
    expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'COMPLETED', result: 42 });
  });

  it('returns the outcome even if history keeps nothing', async () => {
    const { scheduler } = await startApp({ t: () => 'gone' }, { history: 0 });
    const id = await scheduler.scheduleTask('t', { delay: '20ms' });
    expect(await scheduler.waitForExecution(id)).toMatchObject({
      status: 'COMPLETED',
      result: 'gone',
      waitingFor: null,
    });
  });

  it('returns the end of an execution that a listener has retried at once', async () => {
    let runs = 0;
    const tasks: Tasks = {
      t: () => {
        if (++runs === 1) throw new Error('once');
      },
    };
    const { scheduler, module } = await startApp(tasks);
    module.get(EventEmitter2, { strict: false }).on('scheduler.execution.failed', (event) => {
      void scheduler.retryTask((event as ExecutionEvent).executionId);
    });
    const id = await scheduler.scheduleTask('t');
    const ended = await scheduler.waitForExecution(id);
    expect(ended).toMatchObject({ status: 'FAILED', error: { message: 'once' }, reason: 'HANDLER_FAILED' });
    expect(ended.completedTime).not.toBeNull();
    expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'COMPLETED', error: null });
  });

  it('rejects on its timeout, its signal, and for unknown ids', async () => {
    const { scheduler, kit } = await startKit({ t: () => 'ran' });
    const id = await scheduler.scheduleTask('t', { delay: '1h' });
    const late = scheduler.waitForExecution(id, { timeout: '5m' });
    const reason = new Error('enough');
    const controller = new AbortController();
    const stopped = scheduler.waitForExecution(id, { signal: controller.signal });
    const outcome = Promise.allSettled([late, stopped]);
    await kit.advance('5m');
    controller.abort(reason);
    const [first, second] = await outcome;
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'WAIT_TIMEOUT' } });
    expect(second).toEqual({ status: 'rejected', reason });
    await expect(scheduler.waitForExecution(id, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const month = scheduler.waitForExecution(await scheduler.scheduleTask('t', { delay: '60d' }), { timeout: '30d' });
    const after = expect(month).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' });
    await kit.advance('29d');
    expect(await Promise.race([month.catch(() => 'too early'), Promise.resolve('waits')])).toBe('waits');
    await kit.advance('1d');
    await after;
    await expect(scheduler.waitForExecution('no such')).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' });
  });
});

describe('waiting while the app closes', () => {
  it('rejects', async () => {
    const { scheduler, module } = await startApp({ t: () => 'ran' });
    const id = await scheduler.scheduleTask('t', { delay: '1h' });
    const outcome = expect(scheduler.waitForExecution(id)).rejects.toMatchObject({ code: 'SCHEDULER_CLOSED' });
    await module.close();
    await outcome;
  });
});

describe('why', () => {
  it('returns the first reason', async () => {
    const { scheduler, kit } = await startKit(
      {
        t: () => new Promise(() => undefined),
        locked: [{ requireLock: true, lockKey: 'door' }, () => new Promise(() => undefined)],
        dependent: [{ dependencies: [{ taskId: 't', type: 'success' }] }, () => 0],
        slow: [{ queue: 'slow' }, () => 0],
        unserved: [{ queue: 'nowhere' }, () => 0],
      },
      { queues: ['default', 'slow'] },
    );
    kit.patience = 10;
    const t = await scheduler.scheduleTask('t');
    const [holder, parked] = await scheduler.scheduleTasks([{ taskId: 'locked' }, { taskId: 'locked' }]);
    const dependent = await scheduler.scheduleTask('dependent');
    await scheduler.taskQueue.pause('slow');
    const paused = await scheduler.scheduleTask('slow');
    await kit.drain();
    const queued = await scheduler.scheduleTask('t');
    const unserved = await scheduler.scheduleTask('unserved');
    const text = async (id: string) => (await scheduler.why(id))!.text;
    expect(await text(t)).toBe('RUNNING since 2026-01-01T00:00:00.000Z');
    expect(await text(parked!)).toBe(`PENDING: lock 'door' is held by ${holder}`);
    expect(await text(dependent)).toBe("PENDING: it waits for 't' (success, RUNNING)");
    expect(await text(paused)).toBe("PENDING: queue 'slow' is paused");
    expect(await text(queued)).toBe("PENDING: it waits in queue 'default' until a worker has a free slot");
    expect(await text(unserved)).toBe("PENDING: no live worker serves queue 'nowhere'");
    expect((await scheduler.getHealthStatus()).queueStats).toMatchObject({
      unservedQueues: ['nowhere'],
      unhandledTasks: [],
    });
    expect(await scheduler.why('no such')).toBeNull();
  });
});

describe('listExecutions', () => {
  it('filters, and returns all pages', async () => {
    const { scheduler, kit } = await startKit({
      a: () => 1,
      b: [{ tags: ['x'] }, () => Promise.reject(new Error('b'))],
    });
    for (let i = 0; i < 7; i++) await scheduler.scheduleTask('a', { tags: i % 2 ? ['odd'] : [] });
    const failed = await scheduler.scheduleTask('b');
    await kit.drain();
    const pages: string[][] = [];
    for (let cursor: string | undefined; ;) {
      const { items, nextCursor } = await scheduler.listExecutions({ limit: 3, ...(cursor && { cursor }) });
      pages.push(items.map((each) => each.executionId));
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    expect(new Set(pages.flat()).size).toBe(8);
    expect(pages.flat()).toHaveLength(8);
    expect(pages[0]![0]).toBe(failed);
    const count = async (query: object) => (await scheduler.listExecutions(query)).items.length;
    expect(await count({ status: 'FAILED' })).toBe(1);
    expect(await count({ status: ['FAILED', 'COMPLETED'] })).toBe(8);
    expect(await count({ taskId: 'a' })).toBe(7);
    expect(await count({ queue: 'default' })).toBe(8);
    expect(await count({ queue: 'mail' })).toBe(0);
    expect(await count({ tag: 'odd' })).toBe(3);
    expect(await count({ tag: 'x' })).toBe(1);
    expect(await count({ from: '2026-01-01T00:00:00Z' })).toBe(8);
    expect(await count({ to: '2026-01-01T00:00:00Z' })).toBe(0);
  });

  it('returns an execution as JSON, with the name of its priority', async () => {
    const { scheduler, kit } = await startKit({
      t: [{ taskName: 'T', priority: 'LOW', tags: ['x'] }, () => ({ a: 1 })],
    });
    const id = await scheduler.scheduleTask('t', { payload: { p: 1 } });
    await kit.drain();
    const json: unknown = JSON.parse(JSON.stringify(await scheduler.getTaskStatus(id)));
    expect(json).toMatchObject({
      executionId: id,
      taskId: 't',
      taskName: 'T',
      status: 'COMPLETED',
      priority: 'LOW',
      queue: 'default',
      payload: { p: 1 },
      result: { a: 1 },
      error: null,
      retryCount: 0,
      tags: ['x'],
      startedTime: '2026-01-01T00:00:00.000Z',
      completedTime: '2026-01-01T00:00:00.000Z',
    });
  });
});

describe('listTasks', () => {
  it('returns every stored task, by id', async () => {
    const { scheduler } = await startKit(
      {
        b: [{ taskName: 'B', priority: 'HIGH', queue: 'mail', tags: ['x'], retryConfig: { maxAttempts: 2 } }, () => 0],
        a: [{ requireLock: true, lockKey: ({ door }) => `door:${door}`, dependencies: [{ taskId: 'b' }] }, () => 0],
      },
      { appName: 'clinic', version: '1.2.3' },
    );
    expect(await scheduler.listTasks()).toEqual([
      expect.objectContaining({
        taskId: 'a',
        taskName: 'a',
        queue: 'default',
        requireLock: true,
        lockKey: null,
        dependencies: [expect.objectContaining({ taskId: 'b', type: 'completion' })],
        retry: null,
        appName: 'clinic',
        appVersion: '1.2.3',
      }),
      expect.objectContaining({
        taskId: 'b',
        taskName: 'B',
        priority: 1,
        queue: 'mail',
        tags: ['x'],
        retry: expect.objectContaining({ maxAttempts: 2, initialDelay: 60_000 }),
      }),
    ]);
  });

  it('reflects what is registered and unregistered while the app runs', async () => {
    const { scheduler } = await startKit({ a: () => 0 });
    const ids = async () => (await scheduler.listTasks()).map(({ taskId }) => taskId);
    scheduler.registerTask({ taskId: 'later', taskName: 'Later', funcPath: 'a' });
    expect(await ids()).toEqual(['a', 'later']);
    scheduler.unregisterTask('a');
    expect(await ids()).toEqual(['later']);
  });
});

describe('listQueues', () => {
  const none = { CRITICAL: 0, HIGH: 0, NORMAL: 0, LOW: 0, BACKGROUND: 0 };

  it('returns queues of tasks, those with work and paused ones, by name', async () => {
    const { scheduler } = await startKit({ a: () => 0, b: [{ queue: 'mail', priority: 'LOW' }, () => 0] });
    await scheduler.scheduleTasks([{ taskId: 'b' }, { taskId: 'b', priority: 'CRITICAL' }, { taskId: 'b' }]);
    await scheduler.scheduleTask('b', { delay: '1h' });
    await scheduler.taskQueue.pause('unused');
    expect(await scheduler.listQueues()).toEqual([
      { name: 'default', paused: false, limits: null, served: false, total: 0, byPriority: none },
      {
        ...{ name: 'mail', paused: false, limits: null, served: false, total: 3 },
        byPriority: { ...none, CRITICAL: 1, LOW: 2 },
      },
      { name: 'unused', paused: true, limits: null, served: false, total: 0, byPriority: none },
    ]);
  });

  it('returns what is left of the rate limit', async () => {
    const { scheduler, kit } = await startKit({ a: () => 0 });
    await scheduler.taskQueue.pause('default');
    await scheduler.scheduleTask('a');
    await kit.drain();
    expect(await scheduler.listQueues()).toMatchObject([{ name: 'default', paused: true, total: 1 }]);
    await scheduler.taskQueue.resume('default');
    await kit.drain();
    expect(await scheduler.listQueues()).toEqual([
      { name: 'default', paused: false, limits: null, served: true, total: 0, byPriority: none },
    ]);
  });

  it('returns the limits that code declares until it no longer does, or a call clears them', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'limits-')), 'store.db');
    const store = { type: 'embedded', path } as const;
    const tasks = { a: [{ queue: 'mail' }, () => 0] } satisfies Tasks;
    const limits = async ({ scheduler }: { scheduler: AdvancedTaskScheduler }) =>
      (await scheduler.listQueues()).find(({ name }) => name === 'mail')?.limits;
    const declared = { rateLimit: { max: 5, per: 1_000 }, concurrency: 2, declaredBy: 'limits' };
    const queues = { mail: { globalConcurrency: 2, rateLimit: { max: 5, per: '1s' } } } as const;
    const first = await startApp(tasks, { store, appName: 'limits', queues });
    expect(await limits(first)).toEqual(declared);
    await first.scheduler.taskQueue.clearLimits('mail');
    expect(await limits(first)).toBeNull();
    await closeApps();
    expect(await limits(await startApp(tasks, { store, appName: 'limits', queues }))).toEqual(declared);
    await closeApps();
    expect(await limits(await startApp(tasks, { store, appName: 'limits' }))).toBeNull();
  });
});

describe('listeners', () => {
  it('run although another one of the event throws', async () => {
    const { scheduler, module } = await startApp({ t: () => 1 });
    const emitter = module.get(EventEmitter2, { strict: false });
    const name = 'scheduler.execution.completed';
    const seen: unknown[] = [];
    const fail = (): never => {
      throw new Error('a listener of the test');
    };
    emitter.onAny(fail);
    emitter.onAny((event, { taskId }: ExecutionEvent) => event === name && seen.push(['any', taskId]));
    emitter.on(name, fail);
    emitter.once(name, ({ taskId }: ExecutionEvent) => seen.push(['once', taskId]));
    emitter.on(name, function (this: EventEmitter2 & { event: string }, { taskId }: ExecutionEvent) {
      seen.push([this.event, taskId]);
    });
    for (let run = 0; run < 2; run++) await scheduler.waitForExecution(await scheduler.scheduleTask('t'));
    const always = [
      ['any', 't'],
      [name, 't'],
    ];
    expect(seen).toEqual([['any', 't'], ['once', 't'], [name, 't'], ...always]);
  });
});

describe('progress and logs', () => {
  it('are stored', async () => {
    const { scheduler, kit } = await startKit({
      t: (_payload, ctx) => {
        ctx.progress(0.25, 'begun');
        ctx.progress(0.5);
        ctx.log('one');
        ctx.log('two');
      },
    });
    const id = await scheduler.scheduleTask('t');
    await kit.drain();
    expect(await scheduler.getTaskStatus(id)).toMatchObject({
      progress: { fraction: 0.5, note: null },
      logs: ['one', 'two'],
    });
  });

  it('are cut without half a character', async () => {
    const { scheduler, kit } = await startKit({
      t: (_payload, ctx) => {
        ctx.progress(0.5, `${'n'.repeat(255)}\u{1f600}`);
        ctx.log(`${'l'.repeat(999)}\u{1f600}`);
        ctx.log('half \ud83d');
      },
    });
    const id = await scheduler.scheduleTask('t');
    await kit.drain();
    expect(await scheduler.getTaskStatus(id)).toMatchObject({
      progress: { note: `${'n'.repeat(255)}\ufffd` },
      logs: [`${'l'.repeat(999)}\ufffd`, 'half \ufffd'],
    });
  });
});
