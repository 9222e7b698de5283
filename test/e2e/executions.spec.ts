import { afterEach, describe, expect, it } from '@jest/globals';
import { NonRetryableError, RetryLaterError, type RetryConfig } from 'nestjs-advanced-scheduler';
import { aborted, closeApps, gate, startApp, startKit } from '../support/app.js';

afterEach(closeApps);

describe('order', () => {
  it('is by priority, then first in first out', async () => {
    const ran: string[] = [];
    const { scheduler, kit } = await startKit({ t: ({ n }) => void ran.push(n) }, { maxConcurrentTasks: 1 });
    for (const [n, priority] of [
      ['background', 'BACKGROUND'],
      ['low', 3],
      ['normal 1', 'NORMAL'],
      ['high', 'HIGH'],
      ['normal 2', 2],
      ['critical', 'CRITICAL'],
    ] as const)
      await scheduler.scheduleTask('t', { payload: { n }, priority });
    await kit.drain();
    expect(ran).toEqual(['critical', 'high', 'normal 1', 'normal 2', 'low', 'background']);
  });

  it('is not blocked by delayed work, which runs at its instant', async () => {
    const ran: string[] = [];
    const { scheduler, kit, clock } = await startKit(
      { t: ({ n }) => void ran.push(`${n} ${new Date(clock.now()).toISOString().slice(11, 19)}`) },
      { maxConcurrentTasks: 1 },
    );
    await scheduler.scheduleTask('t', { payload: { n: 'later' }, priority: 'CRITICAL', delay: '90s' });
    await scheduler.scheduleTask('t', { payload: { n: 'at' }, scheduledTime: '2026-01-01T00:01:00Z' });
    await scheduler.scheduleTask('t', { payload: { n: 'past' }, scheduledTime: new Date(0) });
    await kit.advance('5m');
    expect(ran).toEqual(['past 00:00:00', 'at 00:01:00', 'later 00:01:30']);
  });

  it('keeps reserved slots free for a level, and respects the concurrency of a queue', async () => {
    const running = new Map<string, number>();
    const doors = Array.from({ length: 20 }, () => gate());
    let most = 0;
    const work = async ({ n, kind }: { n: number; kind: string }) => {
      running.set(kind, (running.get(kind) ?? 0) + 1);
      most = Math.max(most, running.get('side') ?? 0);
      await doors[n]!.opened;
      running.set(kind, running.get(kind)! - 1);
    };
    const { scheduler, kit } = await startKit(
      { main: work, side: [{ queue: 'side' }, work] },
      { maxConcurrentTasks: 4, queues: { default: { reserve: { CRITICAL: 1 } }, side: { concurrency: 2 } } },
    );
    kit.patience = 10;
    for (let n = 0; n < 6; n++) await scheduler.scheduleTask('side', { payload: { n, kind: 'side' } });
    await kit.drain();
    expect(running.get('side')).toBe(2);
    for (let n = 6; n < 12; n++) await scheduler.scheduleTask('main', { payload: { n, kind: 'main' } });
    await kit.drain();
    // Four slots: two in 'side', one reserved for CRITICAL.
    expect(running.get('main')).toBe(1);
    await scheduler.scheduleTask('main', { payload: { n: 12, kind: 'critical' }, priority: 'CRITICAL' });
    await kit.drain();
    expect(running.get('critical')).toBe(1);
    for (const door of doors) door.open();
    await kit.drain();
    expect(most).toBe(2);
    expect((await kit.executions()).every((each) => each.status === 'COMPLETED')).toBe(true);
  });

  it('respects a rate limit', async () => {
    const starts: number[] = [];
    const { scheduler, kit, clock } = await startKit(
      { t: () => void starts.push(clock.now()) },
      { queues: { default: { rateLimit: { max: 3, per: '1m' } } } },
    );
    const begin = clock.now();
    await scheduler.scheduleTasks(Array.from({ length: 8 }, () => ({ taskId: 't' })));
    await kit.advance('10m');
    expect(starts.map((at) => (at - begin) / 60_000)).toEqual([0, 0, 0, 1, 1, 1, 2, 2]);
  });

  it('never exceeds the concurrency, on the machine’s clock', async () => {
    let running = 0;
    let most = 0;
    const { scheduler } = await startApp(
      {
        t: async () => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          running--;
        },
      },
      { maxConcurrentTasks: 3 },
    );
    const ids = await scheduler.scheduleTasks(Array.from({ length: 50 }, () => ({ taskId: 't' })));
    await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
    expect(most).toBe(3);
  });
});

describe('retries', () => {
  const minutes = async (retryConfig: RetryConfig, fail: (attempt: number) => unknown) => {
    const { scheduler, kit } = await startKit({
      t: [
        { retryConfig: { jitter: false, ...retryConfig } },
        (_payload, ctx) => {
          const error = fail(ctx.attempt);
          if (error !== null) throw error;
          return 'ok';
        },
      ],
    });
    const id = await scheduler.scheduleTask('t');
    await kit.advance('1d');
    const execution = (await scheduler.getTaskStatus(id))!;
    const began = Date.parse(execution.createdTime);
    return {
      ...execution,
      starts: execution.attempts.map((attempt) => (Date.parse(attempt.startedTime) - began) / 60_000),
    };
  };
  const always = () => new Error('always');

  it.each([
    [{ strategy: 'FIXED', maxAttempts: 4, initialDelay: '1m' }, [0, 1, 2, 3]],
    [{ strategy: 'LINEAR', maxAttempts: 4, initialDelay: '1m' }, [0, 1, 3, 6]],
    [{ strategy: 'EXPONENTIAL', maxAttempts: 4, initialDelay: '1m', backoffMultiplier: 3 }, [0, 1, 4, 13]],
    [{ strategy: 'EXPONENTIAL', maxAttempts: 4, initialDelay: '1m', maxDelay: '2m' }, [0, 1, 3, 5]],
  ] as [RetryConfig, number[]][])('%j run at their instants', async (retryConfig, starts) => {
    const execution = await minutes(retryConfig, always);
    expect(execution).toMatchObject({ starts, status: 'FAILED', reason: 'RETRIES_EXHAUSTED', retryCount: 3 });
  });

  it('end with success', async () => {
    const execution = await minutes({ strategy: 'FIXED', initialDelay: '1m' }, (n) => (n < 3 ? always() : null));
    expect(execution).toMatchObject({ status: 'COMPLETED', result: 'ok', retryCount: 2, error: null });
    expect(execution.attempts.map((attempt) => attempt.outcome)).toEqual(['FAILED', 'FAILED', 'COMPLETED']);
  });

  it('do not happen with NONE, without a config, after NonRetryableError, or if retryIf returns false', async () => {
    expect(await minutes({ strategy: 'NONE' }, always)).toMatchObject({ starts: [0], reason: 'HANDLER_FAILED' });
    expect(await minutes({}, () => new NonRetryableError('bad'))).toMatchObject({
      starts: [0],
      reason: 'NON_RETRYABLE',
    });
    const seen: unknown[] = [];
    const retryIf = (error: unknown, attempt: number) => {
      seen.push((error as Error).message, attempt);
      return attempt < 2;
    };
    const execution = await minutes({ strategy: 'FIXED', initialDelay: '1m', maxAttempts: 9, retryIf }, always);
    expect(execution).toMatchObject({ starts: [0, 1], reason: 'NON_RETRYABLE' });
    expect(seen).toEqual(['always', 1, 'always', 2]);
  });

  it('follow the delay of RetryLaterError, which uses no attempt', async () => {
    const config: RetryConfig = { strategy: 'FIXED', initialDelay: '1m', maxAttempts: 3, jitter: false };
    const execution = await minutes(config, (n) => (n <= 5 ? new RetryLaterError('10m') : always()));
    expect(execution).toMatchObject({ starts: [0, 10, 20, 30, 40, 50, 51, 52], status: 'FAILED', retryCount: 2 });
    expect(execution).toMatchObject({ snoozeCount: 5, reason: 'RETRIES_EXHAUSTED' });
  });

  it('follow RetryLaterError without a retryConfig, as often as maxSnoozes allows', async () => {
    const { scheduler, kit } = await startKit({
      some: [{ maxSnoozes: 2 }, () => Promise.reject(new RetryLaterError('1m'))],
      many: () => Promise.reject(new RetryLaterError('1m')),
      none: [{ maxSnoozes: 0 }, () => Promise.reject(new RetryLaterError('1m'))],
    });
    const ids = await scheduler.scheduleTasks(['some', 'many', 'none'].map((taskId) => ({ taskId })));
    await kit.drain();
    expect(await scheduler.getTaskStatus(ids[0]!)).toMatchObject({
      status: 'RETRYING',
      reason: 'SNOOZED',
      waitingFor: { kind: 'time', until: '2026-01-01T00:01:00.000Z' },
    });
    expect((await scheduler.why(ids[0]!))!.text).toBe(
      'RETRYING: its handler postponed it (1 time so far); it is due at 2026-01-01T00:01:00.000Z',
    );
    await kit.advance('3h');
    const ends = await Promise.all(ids.map(async (id) => (await scheduler.getTaskStatus(id))!));
    expect(ends.map(({ status, reason, snoozeCount }) => [status, reason, snoozeCount])).toEqual([
      ['FAILED', 'SNOOZES_EXHAUSTED', 2],
      ['FAILED', 'SNOOZES_EXHAUSTED', 100],
      ['FAILED', 'SNOOZES_EXHAUSTED', 0],
    ]);
    expect(ends[0]!.attempts.map((each) => each.outcome)).toEqual(['SNOOZED', 'SNOOZED', 'FAILED']);
  });

  it('are RETRYING in between, with the reason to wait', async () => {
    const { scheduler, kit } = await startKit({
      t: [{ retryConfig: { strategy: 'FIXED', initialDelay: '1m', jitter: false } }, () => Promise.reject(always())],
    });
    const id = await scheduler.scheduleTask('t');
    await kit.drain();
    expect(await scheduler.getTaskStatus(id)).toMatchObject({
      status: 'RETRYING',
      retryCount: 1,
      waitingFor: { kind: 'time', until: '2026-01-01T00:01:00.000Z' },
    });
    expect((await scheduler.why(id))!.text).toBe('RETRYING: it is due at 2026-01-01T00:01:00.000Z');
    expect(await scheduler.cancelTask(id)).toBe(true);
    await kit.advance('1h');
    expect(await scheduler.getTaskStatus(id)).toMatchObject({ status: 'CANCELLED', retryCount: 1 });
  });
});

describe('handlers that misbehave', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;

  it.each([
    ['undefined', () => Promise.reject(undefined as never), 'NonErrorThrown', 'the handler threw undefined'],
    [
      'text',
      () => {
        throw 'text';
      },
      'NonErrorThrown',
      'the handler threw "text"',
    ],
    [
      'a cyclic object',
      () => {
        throw cyclic;
      },
      'NonErrorThrown',
      'not JSON',
    ],
    ['a cyclic result', () => cyclic, 'NotSerializableError', 'result'],
    ['a BigInt result', () => ({ n: 1n }), 'NotSerializableError', 'BigInt'],
    ['a result too large', () => 'x'.repeat(300_000), 'ResultTooLargeError', '262144'],
  ])('%s ends as FAILED, and the next one runs', async (_what, handler, name, message) => {
    const { scheduler } = await startApp({ bad: handler, good: () => 'good' }, { maxConcurrentTasks: 1 });
    const bad = await scheduler.scheduleTask('bad');
    const good = await scheduler.scheduleTask('good');
    const { status, error } = await scheduler.waitForExecution(bad);
    expect(status).toBe('FAILED');
    expect(error!.name).toBe(name);
    expect(error!.message).toContain(message);
    expect((await scheduler.waitForExecution(good)).result).toBe('good');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('in then');
      },
      { status: 'FAILED', error: { message: 'in then' } },
    ],
    [
      'calls back twice',
      (done: (value: unknown) => void) => {
        done('once');
        done('twice');
      },
      { status: 'COMPLETED', result: 'once' },
    ],
  ])('a result whose then %s is settled once, and the next one runs', async (_what, then, expected) => {
    const { scheduler } = await startApp({ odd: () => ({ then }), good: () => 'good' }, { maxConcurrentTasks: 1 });
    const odd = await scheduler.scheduleTask('odd');
    expect(await scheduler.waitForExecution(odd)).toMatchObject(expected);
    const good = await scheduler.scheduleTask('good');
    expect((await scheduler.waitForExecution(good)).result).toBe('good');
    expect((await scheduler.getHealthStatus()).runningTasks).toBe(0);
  });

  it('a handler without a result stores null', async () => {
    const { scheduler } = await startApp({ t: () => undefined });
    const id = await scheduler.scheduleTask('t');
    expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'COMPLETED', result: null });
  });
});

describe('timeouts', () => {
  it('abort the signal, fail the attempt, and are retried', async () => {
    const reasons: unknown[] = [];
    const { scheduler, kit } = await startKit({
      t: [
        { timeout: '10s', retryConfig: { strategy: 'FIXED', initialDelay: '1m', maxAttempts: 2, jitter: false } },
        async (_payload, { signal }) => {
          reasons.push(((await aborted(signal)) as { code: string }).code);
          return 'too late';
        },
      ],
    });
    kit.patience = 10;
    const id = await scheduler.scheduleTask('t');
    await kit.advance('10m');
    const execution = (await scheduler.getTaskStatus(id))!;
    expect(reasons).toEqual(['TIMEOUT', 'TIMEOUT']);
    expect(execution).toMatchObject({ status: 'FAILED', completedTime: '2026-01-01T00:01:20.000Z' });
    expect(execution.error).toMatchObject({ name: 'TaskTimeoutError', code: 'TIMEOUT' });
  });

  it('end a run that ignores its signal after the grace period, and keep its slot until it returns', async () => {
    const door = gate();
    let running = 0;
    let most = 0;
    const { scheduler, kit } = await startKit(
      {
        deaf: [
          { timeout: '10s' },
          async () => {
            most = Math.max(most, ++running);
            await door.opened;
            running--;
            return 'ignored';
          },
        ],
      },
      { maxConcurrentTasks: 1, abortGrace: '5s' },
    );
    kit.patience = 10;
    const first = await scheduler.scheduleTask('deaf');
    const second = await scheduler.scheduleTask('deaf');
    await kit.advance('1m');
    expect(await scheduler.getTaskStatus(first)).toMatchObject({
      status: 'FAILED',
      reason: 'TIMEOUT',
      completedTime: '2026-01-01T00:00:15.000Z',
    });
    expect((await scheduler.getTaskStatus(second))!.status).toBe('PENDING');
    expect((await scheduler.getHealthStatus()).metrics.stuckTasks).toBe(1);
    door.open();
    await kit.drain();
    expect(await scheduler.getTaskStatus(first)).toMatchObject({ status: 'FAILED', result: null });
    expect((await scheduler.getTaskStatus(second))!.status).toBe('COMPLETED');
    expect((await scheduler.getHealthStatus()).metrics.stuckTasks).toBe(0);
    expect(most).toBe(1);
  });

  it('limit an attempt without a timeout by maxAttemptDuration', async () => {
    const { scheduler, kit } = await startKit({ t: () => new Promise(() => undefined) }, { maxAttemptDuration: '1m' });
    kit.patience = 10;
    const id = await scheduler.scheduleTask('t');
    await kit.advance('2m');
    expect(await scheduler.getTaskStatus(id)).toMatchObject({ status: 'FAILED', reason: 'TIMEOUT' });
  });
});

describe('cancelTask and retryTask', () => {
  it('cancels waiting executions, in each kind of waiting', async () => {
    const { scheduler, kit } = await startKit({
      t: () => 'ran',
      dependent: [{ dependencies: [{ taskId: 't' }] }, () => 'ran'],
    });
    await scheduler.taskQueue.pause();
    const queued = await scheduler.scheduleTask('t');
    const delayed = await scheduler.scheduleTask('t', { delay: '1h' });
    const waiting = await scheduler.scheduleTask('dependent', { after: { t: delayed } });
    expect(await scheduler.cancelTask(queued)).toBe(true);
    expect(await scheduler.cancelTask(waiting)).toBe(true);
    expect(await scheduler.cancelTask(delayed)).toBe(true);
    await scheduler.taskQueue.resume();
    await kit.advance('2h');
    for (const id of [queued, delayed, waiting])
      expect(await scheduler.getTaskStatus(id)).toMatchObject({
        status: 'CANCELLED',
        reason: 'CANCELLED',
        startedTime: null,
      });
    expect(await scheduler.cancelTask(queued)).toBe(false);
    expect(await scheduler.cancelTask('no such')).toBe(false);
  });

  it('aborts running executions; a success within the grace period counts', async () => {
    const { scheduler, kit } = await startKit({
      heeds: async (_payload, { signal }) => {
        throw await aborted(signal);
      },
      finishes: async (_payload, { signal }) => {
        await aborted(signal);
        return 'done anyway';
      },
      deaf: () => new Promise(() => undefined),
    });
    kit.patience = 10;
    const [heeds, finishes, deaf] = await scheduler.scheduleTasks([
      { taskId: 'heeds' },
      { taskId: 'finishes' },
      { taskId: 'deaf' },
    ]);
    await kit.drain();
    for (const id of [heeds!, finishes!, deaf!]) expect(await scheduler.cancelTask(id)).toBe(true);
    await kit.drain();
    expect(await scheduler.getTaskStatus(heeds!)).toMatchObject({ status: 'CANCELLED', error: { code: 'CANCELLED' } });
    expect(await scheduler.getTaskStatus(finishes!)).toMatchObject({ status: 'COMPLETED', result: 'done anyway' });
    expect(await scheduler.getTaskStatus(deaf!)).toMatchObject({
      status: 'RUNNING',
      cancelRequestedTime: '2026-01-01T00:00:00.000Z',
    });
    expect((await scheduler.why(deaf!))!.text).toContain('asked to cancel');
    await kit.advance('10s');
    expect(await scheduler.getTaskStatus(deaf!)).toMatchObject({
      status: 'CANCELLED',
      completedTime: '2026-01-01T00:00:10.000Z',
    });
  });

  it('runs FAILED, CANCELLED and SKIPPED executions again, with those that were SKIPPED because of them', async () => {
    let broken = true;
    const { scheduler, kit } = await startKit({
      a: () => {
        if (broken) throw new Error('broken');
        return 'a';
      },
      b: [{ dependencies: [{ taskId: 'a', type: 'success' }] }, (_payload, ctx) => ctx.results.a],
    });
    const { executions } = await scheduler.runWorkflow({ tasks: [{ taskId: 'a' }, { taskId: 'b' }] });
    await kit.drain();
    expect(await scheduler.getTaskStatus(executions.b!)).toMatchObject({
      status: 'SKIPPED',
      reason: 'DEPENDENCY_FAILED',
      rootCause: { executionId: executions.a, taskId: 'a', status: 'FAILED' },
    });
    expect(await scheduler.retryTask('no such')).toBe(false);
    broken = false;
    expect(await scheduler.retryTask(executions.a!)).toBe(true);
    await kit.drain();
    expect(await scheduler.getTaskStatus(executions.a!)).toMatchObject({
      status: 'COMPLETED',
      attempts: [{ attempt: 1 }, { attempt: 2 }],
    });
    expect(await scheduler.getTaskStatus(executions.b!)).toMatchObject({ status: 'COMPLETED', result: 'a' });
    expect(await scheduler.retryTask(executions.a!)).toBe(false);
  });
});

describe('idempotencyKey', () => {
  it('returns the same execution for the same body, refuses another body, and expires after 24 hours', async () => {
    const { scheduler, kit } = await startKit({ t: () => 'ran', other: () => 'ran' });
    const options = { payload: { a: 1, b: 2 }, idempotencyKey: 'k' };
    const id = await scheduler.scheduleTask('t', options);
    expect(await scheduler.scheduleTask('t', { ...options, payload: { b: 2, a: 1 } })).toBe(id);
    expect(await scheduler.scheduleTask('other', options)).not.toBe(id);
    await kit.drain();
    expect(await scheduler.scheduleTask('t', options)).toBe(id);
    await expect(scheduler.scheduleTask('t', { ...options, payload: { a: 2 } })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    await kit.advance('24h');
    expect(await scheduler.scheduleTask('t', options)).not.toBe(id);
  });

  it('creates one execution for many simultaneous calls', async () => {
    const { scheduler } = await startApp({ t: () => 'ran' });
    const ids = await Promise.all(
      Array.from({ length: 50 }, () => scheduler.scheduleTask('t', { idempotencyKey: 'k' })),
    );
    expect(new Set(ids).size).toBe(1);
  });
});
