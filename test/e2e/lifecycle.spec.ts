import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { StoreUnavailableError } from 'nestjs-advanced-scheduler';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { aborted, closeApps, gate, startApp, startKit } from '../support/app.js';

afterEach(closeApps);

describe('stop and start', () => {
  it('can be started again if the store did not respond at the first try', async () => {
    const { module, scheduler } = await startApp({ t: () => 'ran' }, { autoStart: false });
    const store = module.get<TaskStore>(TASK_STORE, { strict: false });
    jest.spyOn(store, 'register').mockRejectedValueOnce(new Error('no answer'));
    await expect(scheduler.start()).rejects.toThrow('no answer');
    expect(await scheduler.listWorkers()).toEqual([]);
    await scheduler.start();
    const id = await scheduler.scheduleTask('t');
    expect((await scheduler.waitForExecution(id)).status).toBe('COMPLETED');
  });

  it('stops if the store does not respond, and continues after start when it responds again', async () => {
    const [begun, door] = [gate(), gate()];
    const { module, scheduler } = await startApp(
      { t: () => 'ran', slow: () => (begun.open(), door.opened) },
      { shutdown: { drain: '50ms', grace: '50ms' } },
    );
    const slow = await scheduler.scheduleTask('slow');
    await begun.opened;
    const store = module.get<TaskStore>(TASK_STORE, { strict: false });
    const silent = (['exchange', 'drain', 'deregister'] as const).map((verb) =>
      jest.spyOn(store, verb).mockRejectedValue(new StoreUnavailableError('no answer')),
    );
    const id = await scheduler.scheduleTask('t');
    await scheduler.stop();
    expect((await scheduler.getTaskStatus(slow))!.status).toBe('RUNNING');
    for (const spy of silent) spy.mockRestore();
    door.open();
    await scheduler.start();
    expect((await scheduler.waitForExecution(id)).status).toBe('COMPLETED');
  });

  it('waits for runs, claims nothing meanwhile, and continues after start', async () => {
    const begun = gate();
    const door = gate();
    const { scheduler } = await startApp({
      slow: async () => {
        begun.open();
        await door.opened;
        return 'ended';
      },
      t: () => 'ran',
    });
    const slow = await scheduler.scheduleTask('slow');
    await begun.opened;
    const stopped = scheduler.stop();
    const id = await scheduler.scheduleTask('t');
    door.open();
    await stopped;
    expect(await scheduler.getTaskStatus(slow)).toMatchObject({ status: 'COMPLETED', result: 'ended' });
    expect((await scheduler.getTaskStatus(id))!.status).toBe('PENDING');
    expect(await scheduler.listWorkers()).toEqual([]);
    const later = await scheduler.scheduleTask('t');
    await scheduler.start();
    expect((await scheduler.waitForExecution(id)).status).toBe('COMPLETED');
    expect((await scheduler.waitForExecution(later)).status).toBe('COMPLETED');
  });

  it('stop(false) aborts at once and uses no attempt', async () => {
    const begun = [gate(), gate()];
    const reasons: unknown[] = [];
    let runs = 0;
    const { scheduler } = await startApp({
      t: async (_payload, { signal }) => {
        begun[runs++]!.open();
        if (runs === 2) return 'second run';
        reasons.push(((await aborted(signal)) as { code: string }).code);
        throw new Error('stopped half-way');
      },
    });
    const id = await scheduler.scheduleTask('t');
    await begun[0]!.opened;
    await scheduler.stop(false);
    expect(reasons).toEqual(['SHUTDOWN']);
    expect(await scheduler.getTaskStatus(id)).toMatchObject({ status: 'PENDING', retryCount: 0, error: null });
    await scheduler.start();
    expect(await scheduler.waitForExecution(id)).toMatchObject({
      status: 'COMPLETED',
      result: 'second run',
      retryCount: 0,
      attempts: [{ attempt: 1, outcome: 'COMPLETED' }],
    });
  });

  it('releases runs that ignore their abort', async () => {
    const begun = gate();
    const { scheduler } = await startApp(
      {
        deaf: async () => {
          begun.open();
          await new Promise(() => undefined);
        },
      },
      { shutdown: { drain: '20ms', grace: '20ms' } },
    );
    const id = await scheduler.scheduleTask('deaf');
    await begun.opened;
    await scheduler.stop();
    expect(await scheduler.getTaskStatus(id)).toMatchObject({ status: 'PENDING', retryCount: 0 });
  });

  it('can be called twice, before start, and at the same time', async () => {
    const { scheduler } = await startApp({ t: () => 'ran' }, { autoStart: false });
    await scheduler.stop();
    await Promise.all([scheduler.start(), scheduler.start()]);
    await Promise.all([scheduler.stop(), scheduler.stop()]);
    await scheduler.stop();
    await scheduler.start();
    const id = await scheduler.scheduleTask('t');
    expect((await scheduler.waitForExecution(id)).status).toBe('COMPLETED');
  });

  it('claims at once what became due before the start', async () => {
    const { scheduler } = await startApp({ t: () => 'ran' }, { autoStart: false });
    const late = await scheduler.scheduleTask('t', { delay: '1ms' });
    const soon = await scheduler.scheduleTask('t', { delay: '60ms' });
    await scheduler.start();
    const ended = await Promise.all([late, soon].map((id) => scheduler.waitForExecution(id)));
    for (const { scheduledTime, startedTime } of ended)
      expect(Date.parse(startedTime!) - Date.parse(scheduledTime)).toBeLessThan(900);
  });

  it('does not start by itself with autoStart: false', async () => {
    const { scheduler } = await startApp({ t: () => 'ran' }, { autoStart: false });
    const id = await scheduler.scheduleTask('t');
    await expect(scheduler.waitForExecution(id, { timeout: '30ms' })).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' });
    await scheduler.start();
    expect((await scheduler.waitForExecution(id)).status).toBe('COMPLETED');
  });
});

describe('roles', () => {
  it('a producer schedules and runs nothing', async () => {
    const { scheduler } = await startApp({ t: () => 'ran' }, { role: 'producer' });
    const id = await scheduler.scheduleTask('t');
    await expect(scheduler.waitForExecution(id, { timeout: '50ms' })).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' });
    expect(await scheduler.listWorkers()).toEqual([]);
  });

  it('a worker reports its description', async () => {
    const { scheduler } = await startApp(
      { t: () => 'ran', s: [{ queue: 'side' }, () => 'ran'] },
      { appName: 'shop', version: '2.0.0', maxConcurrentTasks: 7 },
    );
    const [worker, ...others] = await scheduler.listWorkers();
    expect(others).toEqual([]);
    expect(worker).toMatchObject({
      appName: 'shop',
      version: '2.0.0',
      pid: process.pid,
      maxConcurrentTasks: 7,
      state: 'active',
      tasks: ['t', 's'],
      queues: ['default', 'side'],
      running: 0,
    });
  });

  it('serves only the queues that it names', async () => {
    const { scheduler } = await startApp({ t: () => 'ran', s: [{ queue: 'side' }, () => 'ran'] }, { queues: ['side'] });
    const t = await scheduler.scheduleTask('t');
    const s = await scheduler.scheduleTask('s');
    expect((await scheduler.waitForExecution(s)).status).toBe('COMPLETED');
    expect((await scheduler.getTaskStatus(t))!.status).toBe('PENDING');
  });
});

describe('tasks at run time', () => {
  it('are registered, run, and unregistered', async () => {
    const { scheduler, kit } = await startKit({ greet: ({ name }) => `hello ${name}` });
    scheduler.registerTask({ taskId: 'greet.world', funcPath: 'greet', payload: { name: 'world' } });
    scheduler.registerTask({ taskId: 'after', funcPath: 'greet', dependencies: [{ taskId: 'greet.world' }] });
    expect([...scheduler.taskDefinitions.keys()]).toEqual(['greet', 'greet.world', 'after']);
    expect(scheduler.dependencyGraph.getDependencies('after')).toEqual(['greet.world']);
    const id = await scheduler.scheduleTask('greet.world');
    await kit.drain();
    expect((await scheduler.getTaskStatus(id))!.result).toBe('hello world');
    expect(() => scheduler.unregisterTask('greet.world')).toThrow(expect.objectContaining({ code: 'TASK_IN_USE' }));
    expect(scheduler.unregisterTask('after')).toBe(true);
    expect(scheduler.unregisterTask('after')).toBe(false);
    await scheduler.scheduleCronTask('greet.world', '0 * * * *');
    const queued = await scheduler.scheduleTask('greet.world', { delay: '1h' });
    expect(scheduler.unregisterTask('greet.world')).toBe(true);
    await expect(scheduler.scheduleTask('greet.world')).rejects.toMatchObject({ code: 'TASK_NOT_REGISTERED' });
    expect(await scheduler.getTaskStatus(queued)).toMatchObject({ status: 'CANCELLED', reason: 'TASK_UNREGISTERED' });
    expect(await scheduler.listCronTasks()).toEqual([]);
    scheduler.registerTask({ taskId: 'greet.world', funcPath: 'greet' });
    await scheduler.scheduleTask('greet.world');
  });

  it('run on a worker that has already started', async () => {
    const { scheduler } = await startApp({ greet: ({ name }) => `hello ${name}` });
    scheduler.registerTask({ taskId: 'late', funcPath: 'greet', queue: 'late', payload: { name: 'late' } });
    const id = await scheduler.scheduleTask('late');
    expect((await scheduler.waitForExecution(id)).result).toBe('hello late');
  });

  it('merge the payload of the call over their own', async () => {
    const { scheduler, kit } = await startKit({ t: [{ payload: { a: 1, b: { c: 1 } } }, (payload) => payload] });
    const run = async (payload: unknown) => {
      const id = await scheduler.scheduleTask('t', { payload });
      await kit.drain();
      return (await scheduler.getTaskStatus(id))!.result as unknown;
    };
    expect(await run(undefined)).toEqual({ a: 1, b: { c: 1 } });
    expect(await run({ b: 2, d: 3 })).toEqual({ a: 1, b: 2, d: 3 });
    expect(await run([1])).toEqual([1]);
    expect(await run('text')).toBe('text');
  });

  it('that are remote wait for a worker with the handler', async () => {
    const { scheduler, kit } = await startKit({ t: () => 'ran' });
    scheduler.registerTask({ taskId: 'elsewhere', funcPath: 'elsewhere', remote: true });
    const id = await scheduler.scheduleTask('elsewhere');
    const near = await scheduler.scheduleTask('t');
    await kit.drain();
    expect((await scheduler.getTaskStatus(near))!.status).toBe('COMPLETED');
    expect((await scheduler.getTaskStatus(id))!.waitingFor).toMatchObject({
      kind: 'handler',
      handler: { taskId: 'elsewhere', funcPath: 'elsewhere' },
    });
  });
});

describe('events', () => {
  it('report each transition in order, after waiters are notified', async () => {
    const heard: string[] = [];
    const { scheduler, module, kit } = await startKit({
      t: [
        { retryConfig: { strategy: 'FIXED', initialDelay: '1m', maxAttempts: 2, jitter: false } },
        (_payload, ctx) => {
          ctx.progress(0.5, 'half');
          ctx.log('line');
          if (ctx.attempt === 1) throw new Error('first');
          return 'ok';
        },
      ],
    });
    const emitter = module.get(EventEmitter2, { strict: false });
    for (const name of ['scheduled', 'started', 'progress', 'log', 'retrying', 'completed', 'failed', 'cancelled'])
      emitter.on(`scheduler.execution.${name}`, (event: { executionId: string; time: string }) =>
        heard.push(`${name} ${event.time.slice(14, 19)}`),
      );
    emitter.on('scheduler.execution.completed', () => {
      throw new Error('a listener that fails harms nobody');
    });
    const id = await scheduler.scheduleTask('t');
    await kit.advance('1m');
    expect((await scheduler.getTaskStatus(id))!.status).toBe('COMPLETED');
    await scheduler.cancelTask(await scheduler.scheduleTask('t', { delay: '1m' }));
    expect(heard).toEqual([
      'scheduled 00:00',
      'started 00:00',
      'progress 00:00',
      'log 00:00',
      'retrying 00:00',
      'started 01:00',
      'progress 01:00',
      'log 01:00',
      'completed 01:00',
      'scheduled 01:00',
      'cancelled 01:00',
    ]);
  });
});
