import { afterEach, describe, expect, it } from '@jest/globals';
import { aborted, closeApps, gate, startApp, startKit, type Tasks } from '../support/app.js';

afterEach(closeApps);

describe('dependency types', () => {
  const outcomes: Record<string, Tasks[string]> = {
    completes: () => 'done',
    fails: () => Promise.reject(new Error('failed')),
  };
  const statuses = async (upstream: string, cancel = false) => {
    const dependents = Object.fromEntries(
      (['success', 'failure', 'completion', 'always'] as const).map((type): [string, Tasks[string]] => [
        type,
        [{ dependencies: [{ taskId: upstream, type }] }, (_payload, ctx) => Object.keys(ctx.results)],
      ]),
    );
    const { scheduler, kit } = await startKit({ ...outcomes, ...dependents });
    const id = await scheduler.scheduleTask(upstream, { delay: '1m' });
    const ids = await scheduler.scheduleTasks(Object.keys(dependents).map((taskId) => ({ taskId })));
    if (cancel) await scheduler.cancelTask(id);
    await kit.advance('1m');
    const found = await Promise.all(ids.map((each) => scheduler.getTaskStatus(each)));
    return Object.fromEntries(found.map((each) => [each!.taskId, each!.status]));
  };

  it('are satisfied by the outcome of their upstream', async () => {
    expect(await statuses('completes')).toEqual({
      success: 'COMPLETED',
      failure: 'SKIPPED',
      completion: 'COMPLETED',
      always: 'COMPLETED',
    });
    expect(await statuses('fails')).toEqual({
      success: 'SKIPPED',
      failure: 'COMPLETED',
      completion: 'COMPLETED',
      always: 'COMPLETED',
    });
    expect(await statuses('completes', true)).toEqual({
      success: 'SKIPPED',
      failure: 'SKIPPED',
      completion: 'SKIPPED',
      always: 'COMPLETED',
    });
  });
});

describe('binding of scheduleTask', () => {
  const tasks: Tasks = {
    up: ({ n }) => n,
    down: [{ dependencies: [{ taskId: 'up', type: 'success' }] }, (_payload, ctx) => ctx.results.up],
  };

  it('is to the newest execution, ended, active, or future', async () => {
    const { scheduler, kit } = await startKit(tasks);
    const early = await scheduler.scheduleTask('down');
    await kit.drain();
    expect(await scheduler.getTaskStatus(early)).toMatchObject({
      status: 'PENDING',
      waitingFor: { kind: 'dependencies', dependencies: [{ taskId: 'up', executionId: null, status: null }] },
    });
    await scheduler.scheduleTask('up', { payload: { n: 1 } });
    await kit.drain();
    expect((await scheduler.getTaskStatus(early))!.result).toBe(1);

    await scheduler.scheduleTask('up', { payload: { n: 2 } });
    await kit.drain();
    const after = await scheduler.scheduleTask('down');
    await kit.drain();
    expect((await scheduler.getTaskStatus(after))!.result).toBe(2);

    const underWay = await scheduler.scheduleTask('up', { payload: { n: 3 }, delay: '1m' });
    const during = await scheduler.scheduleTask('down');
    expect((await scheduler.getTaskStatus(during))!.waitingFor!.dependencies![0]!.executionId).toBe(underWay);
    await kit.advance('1m');
    expect((await scheduler.getTaskStatus(during))!.result).toBe(3);
  });

  it('does not count an outcome twice for one dependent', async () => {
    const { scheduler, kit } = await startKit(tasks);
    await scheduler.scheduleTask('up', { payload: { n: 1 } });
    const first = await scheduler.scheduleTask('down');
    await kit.drain();
    const second = await scheduler.scheduleTask('down');
    await kit.drain();
    expect((await scheduler.getTaskStatus(first))!.status).toBe('COMPLETED');
    expect((await scheduler.getTaskStatus(second))!.status).toBe('PENDING');
  });

  it('is to the execution in `after`', async () => {
    const { scheduler, kit } = await startKit(tasks);
    const one = await scheduler.scheduleTask('up', { payload: { n: 1 } });
    await scheduler.scheduleTask('up', { payload: { n: 2 } });
    const down = await scheduler.scheduleTask('down', { after: { up: one } });
    await kit.drain();
    expect((await scheduler.getTaskStatus(down))!.result).toBe(1);
    await expect(scheduler.scheduleTask('down', { after: { other: one } })).rejects.toMatchObject({
      code: 'UNKNOWN_DEPENDENCY',
    });
    await expect(scheduler.scheduleTask('down', { after: { up: 'no such' } })).rejects.toMatchObject({
      code: 'UNKNOWN_DEPENDENCY',
    });
  });

  it('ignores outcomes older than maxAge', async () => {
    const { scheduler, kit } = await startKit({
      up: ({ n }) => n,
      down: [{ dependencies: [{ taskId: 'up', maxAge: '1h', reuse: true }] }, (_payload, ctx) => ctx.results.up],
    });
    await scheduler.scheduleTask('up', { payload: { n: 1 } });
    await kit.advance('59m');
    const young = await scheduler.scheduleTask('down');
    await kit.drain();
    expect((await scheduler.getTaskStatus(young))!.result).toBe(1);
    await kit.advance('2m');
    const old = await scheduler.scheduleTask('down');
    await kit.drain();
    expect((await scheduler.getTaskStatus(old))!.status).toBe('PENDING');
  });

  it('ends as SKIPPED exactly at the timeout of the edge', async () => {
    const { scheduler, kit } = await startKit({
      up: () => 0,
      down: [{ dependencies: [{ taskId: 'up', timeout: '90s' }] }, () => 0],
    });
    const down = await scheduler.scheduleTask('down');
    await kit.advance('1h');
    expect(await scheduler.getTaskStatus(down)).toMatchObject({
      status: 'SKIPPED',
      reason: 'DEPENDENCY_TIMEOUT',
      completedTime: '2026-01-01T00:01:30.000Z',
    });
  });
});

describe('runWorkflow', () => {
  it('runs a diamond in order, and passes results along its edges', async () => {
    const order: string[] = [];
    const { scheduler } = await startApp({
      load: ({ from }) => {
        order.push('load');
        return [1, 2, from];
      },
      sum: (_payload, { results }) => {
        order.push('sum');
        return (results.source as number[]).reduce((a, b) => a + b);
      },
      count: (_payload, { results }) => {
        order.push('count');
        return results.source.length;
      },
      mean: (_payload, { results, workflowId }) => {
        order.push('mean');
        return { mean: results.sum / results.count, inWorkflow: workflowId !== null };
      },
    });
    const { workflowId, executions } = await scheduler.runWorkflow({
      name: 'statistics',
      tasks: [
        { taskId: 'mean', dependencies: [{ ref: 'sum' }, { ref: 'count' }] },
        { taskId: 'sum', dependencies: [{ ref: 'source', type: 'success' }] },
        { taskId: 'count', dependencies: [{ ref: 'source', type: 'success' }] },
        { taskId: 'load', ref: 'source', payload: { from: 3 } },
      ],
    });
    expect(Object.keys(executions).sort()).toEqual(['count', 'mean', 'source', 'sum']);
    const mean = await scheduler.waitForExecution(executions.mean!);
    expect(mean).toMatchObject({ result: { mean: 2, inWorkflow: true }, workflowId, ref: 'mean' });
    expect(order[0]).toBe('load');
    expect(order[3]).toBe('mean');
    const workflow = (await scheduler.getWorkflow(workflowId))!;
    expect(workflow).toMatchObject({ name: 'statistics', status: 'COMPLETED' });
    expect(workflow.nodes.find((node) => node.ref === 'mean')!.dependsOn).toEqual([
      { ref: 'sum', type: 'completion' },
      { ref: 'count', type: 'completion' },
    ]);
    expect((await scheduler.listWorkflows()).items.map((each) => each.workflowId)).toEqual([workflowId]);
    expect((await scheduler.listExecutions({ workflowId })).items).toHaveLength(4);
    expect(await scheduler.getWorkflow('no such')).toBeNull();
  });

  it('ends as FAILED with a failed node; its dependents are SKIPPED with the root cause', async () => {
    const { scheduler, kit } = await startKit({
      a: () => Promise.reject(new Error('a')),
      b: () => 0,
      c: () => 0,
    });
    const { workflowId, executions } = await scheduler.runWorkflow({
      tasks: [
        { taskId: 'a' },
        { taskId: 'b', dependencies: [{ taskId: 'a', type: 'success' }] },
        { taskId: 'c', dependencies: [{ taskId: 'b', type: 'success' }] },
        { taskId: 'c', ref: 'cleanup', dependencies: [{ ref: 'b', type: 'always' }] },
      ],
    });
    await kit.drain();
    expect(await scheduler.getTaskStatus(executions.c!)).toMatchObject({
      status: 'SKIPPED',
      rootCause: { executionId: executions.a, taskId: 'a', status: 'FAILED' },
    });
    expect((await scheduler.why(executions.c!))!.text).toBe(
      `SKIPPED (DEPENDENCY_FAILED), since 'a' (${executions.a}) ended as FAILED`,
    );
    expect((await scheduler.getTaskStatus(executions.cleanup!))!.status).toBe('COMPLETED');
    expect((await scheduler.getWorkflow(workflowId))!.status).toBe('FAILED');
  });

  it('runs a wide and deep graph completely', async () => {
    let running = 0;
    const { scheduler } = await startApp(
      {
        node: async (_payload, ctx) => {
          running++;
          await Promise.resolve();
          return Object.values(ctx.results).reduce((sum: number, each: number) => sum + each, 1);
        },
      },
      { maxConcurrentTasks: 50, history: 5000 },
    );
    const tasks = Array.from({ length: 900 }, (_, i) => ({
      taskId: 'node',
      ref: `n${i}`,
      dependencies: i === 0 ? [] : i < 800 ? [{ ref: 'n0' }] : [{ ref: `n${i - 1}` }, { ref: `n${i - 700}` }],
    }));
    const { workflowId, executions } = await scheduler.runWorkflow({ tasks });
    await scheduler.waitForExecution(executions.n899!);
    expect(running).toBe(900);
    expect((await scheduler.getWorkflow(workflowId))!.status).toBe('COMPLETED');
  });
});

describe('locks of tasks', () => {
  it('exclude each other, by priority, with increasing tokens', async () => {
    let holders = 0;
    let most = 0;
    const ran: { n: string; token: number }[] = [];
    const doors = { first: gate() };
    const { scheduler, kit } = await startKit({
      t: [
        { requireLock: true, lockKey: 'account:{payload.id}' },
        async ({ n }, ctx) => {
          most = Math.max(most, ++holders);
          ran.push({ n, token: ctx.fencingToken! });
          if (n === 'first') await doors.first.opened;
          holders--;
        },
      ],
      free: () => void ran.push({ n: 'free', token: 0 }),
    });
    kit.patience = 10;
    const schedule = (n: string, priority = 'NORMAL' as const, id = 7) =>
      scheduler.scheduleTask('t', { payload: { n, id }, priority });
    await schedule('first');
    await kit.drain();
    await schedule('low', 'LOW' as never);
    await schedule('normal 1');
    await schedule('normal 2');
    await schedule('high', 'HIGH' as never);
    await schedule('other', 'LOW' as never, 8);
    await scheduler.scheduleTask('free', { priority: 'BACKGROUND' });
    await kit.drain();
    // Waiting executions block neither another key nor executions without a lock.
    expect(ran.map((each) => each.n)).toEqual(['first', 'other', 'free']);
    expect(await scheduler.lockManager.isLocked('account:7')).toBe(true);
    doors.first.open();
    await kit.drain();
    expect(ran.map((each) => each.n)).toEqual(['first', 'other', 'free', 'high', 'normal 1', 'normal 2', 'low']);
    expect(await scheduler.lockManager.isLocked('account:7')).toBe(false);
    const tokens = ran.filter((each) => each.token > 0).map((each) => each.token);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect(new Set(tokens).size).toBe(6);
  });

  it('end a wait at lockMaxWait', async () => {
    const { scheduler, kit } = await startKit({
      t: [{ requireLock: true, lockMaxWait: '1m' }, () => new Promise(() => undefined)],
    });
    kit.patience = 10;
    await scheduler.scheduleTask('t');
    const second = await scheduler.scheduleTask('t');
    await kit.advance('10m');
    expect(await scheduler.getTaskStatus(second)).toMatchObject({
      status: 'FAILED',
      reason: 'LOCK_TIMEOUT',
      completedTime: '2026-01-01T00:01:00.000Z',
    });
    expect((await scheduler.getHealthStatus()).lockSuccessRate).toBe(50);
  });

  it('abort the signal of a holder that lost its lock by force', async () => {
    const codes: unknown[] = [];
    const { scheduler, kit } = await startKit({
      t: [
        { requireLock: true },
        ({ n }, { signal }) =>
          n > 1
            ? 'second'
            : new Promise((_resolve, reject) =>
                signal.addEventListener('abort', () => {
                  codes.push((signal.reason as { code: string }).code);
                  reject(signal.reason as Error);
                }),
              ),
      ],
    });
    kit.patience = 10;
    await scheduler.scheduleTask('t', { payload: { n: 1 } });
    await kit.drain();
    const second = await scheduler.scheduleTask('t', { payload: { n: 2 }, priority: 'CRITICAL' });
    await kit.drain();
    expect(await scheduler.lockManager.forceRelease('t')).toBe(true);
    await kit.drain();
    expect(codes[0]).toBe('LOCK_LOST');
    expect((await scheduler.getTaskStatus(second))!.status).toBe('COMPLETED');
  });

  it('released by force without another waiter are granted to a new run of the same execution, with a larger token', async () => {
    const tokens: (number | null)[] = [];
    const { kit, scheduler } = await startKit({
      t: [
        { requireLock: true },
        async (_payload, { fencingToken, signal }) => {
          tokens.push(fencingToken);
          await aborted(signal);
          signal.throwIfAborted();
        },
      ],
    });
    kit.patience = 10;
    const executionId = await scheduler.scheduleTask('t');
    await kit.drain();
    const [before] = await scheduler.lockManager.list();
    expect(await scheduler.lockManager.forceRelease('t')).toBe(true);
    await kit.drain();
    const [after] = await scheduler.lockManager.list();
    expect([before!.owner, after!.owner]).toEqual([executionId, executionId]);
    expect(after!.fencingToken).toBeGreaterThan(before!.fencingToken);
    expect(tokens).toEqual([before!.fencingToken, after!.fencingToken]);
    // It uses no attempt; to take the lock permanently, cancel the execution.
    expect((await scheduler.getTaskStatus(executionId))!.attempts.map(({ attempt }) => attempt)).toEqual([1]);
    await scheduler.cancelTask(executionId);
    await kit.drain();
    expect(await scheduler.lockManager.list()).toEqual([]);
  });
});

describe('lockManager', () => {
  it('grants a lock to one owner at a time, in order, and to none after maxWait', async () => {
    const { scheduler, kit } = await startKit({});
    const { lockManager } = scheduler;
    const first = (await lockManager.acquire('door', { ttl: '1m' }))!;
    expect(await lockManager.acquire('door')).toBeNull();
    expect(await lockManager.getLockTtl('door')).toBe(60_000);
    const second = lockManager.acquire('door', { maxWait: '10s' });
    const third = lockManager.acquire('door', { maxWait: '1h' });
    await kit.advance('10s');
    expect(await second).toBeNull();
    expect(await first.release()).toBe(true);
    expect(await first.release()).toBe(false);
    const handle = (await third)!;
    expect(handle.fencingToken).toBeGreaterThan(first.fencingToken);
    expect(await handle.extend('2m')).toBe(true);
    await kit.advance('2m');
    expect(handle.signal.aborted).toBe(true);
    expect(handle.signal.reason).toMatchObject({ code: 'LOCK_LOST' });
    expect(await lockManager.isLocked('door')).toBe(false);
    expect(await handle.extend()).toBe(false);
  });

  it('shares locks with tasks', async () => {
    const { scheduler, kit } = await startKit({ t: [{ requireLock: true, lockKey: 'door' }, () => 'ran'] });
    const id = await scheduler.scheduleTask('t');
    const during = await scheduler.lockManager.withLock('door', {}, async () => {
      await kit.drain();
      return (await scheduler.getTaskStatus(id))!.waitingFor!.kind;
    });
    expect(during).toBe('lock');
    await kit.drain();
    expect((await scheduler.getTaskStatus(id))!.status).toBe('COMPLETED');
  });

  it('withLock renews while it runs, releases however it ends, and rejects after maxWait', async () => {
    const { scheduler, kit } = await startKit({});
    const { lockManager } = scheduler;
    await lockManager.withLock('door', { ttl: '10s' }, async ({ signal }) => {
      await kit.advance('5m');
      expect(signal.aborted).toBe(false);
      const refused = lockManager.withLock('door', { maxWait: '5s' }, () => 'never');
      const outcome = expect(refused).rejects.toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
      await kit.advance('5s');
      await outcome;
    });
    await expect(lockManager.withLock('door', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await lockManager.isLocked('door')).toBe(false);
  });
});

describe('taskQueue', () => {
  it('counts, peeks, removes, pauses and resumes', async () => {
    const { scheduler, kit } = await startKit({ t: () => 'ran' });
    const { taskQueue } = scheduler;
    expect(await taskQueue.isEmpty()).toBe(true);
    const [a, b, c] = await scheduler.scheduleTasks([
      { taskId: 't' },
      { taskId: 't', priority: 'HIGH' },
      { taskId: 't', priority: 'HIGH' },
    ]);
    expect(await taskQueue.size()).toBe(3);
    expect(await taskQueue.size('HIGH')).toBe(2);
    expect(await taskQueue.sizes()).toEqual({ CRITICAL: 0, HIGH: 2, NORMAL: 1, LOW: 0, BACKGROUND: 0 });
    expect(await taskQueue.peek()).toEqual([b]);
    expect(await taskQueue.peek(5)).toEqual([b, c, a]);
    expect(await taskQueue.remove(b!)).toBe(true);
    expect(await taskQueue.remove(b!)).toBe(false);
    expect(await taskQueue.peek(5)).toEqual([c, a]);
    await taskQueue.pause();
    await kit.drain();
    expect(await taskQueue.size()).toBe(2);
    expect((await scheduler.getHealthStatus()).queueStats.pausedQueues).toEqual(['default']);
    await taskQueue.resume();
    await kit.drain();
    expect(await taskQueue.isEmpty()).toBe(true);
  });

  it('claims again after resume on the machine’s clock', async () => {
    const { scheduler } = await startApp({ t: () => 'ran' });
    await scheduler.taskQueue.pause();
    const id = await scheduler.scheduleTask('t');
    await expect(scheduler.waitForExecution(id, { timeout: '50ms' })).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' });
    await scheduler.taskQueue.resume();
    expect((await scheduler.waitForExecution(id)).result).toBe('ran');
  });
});
