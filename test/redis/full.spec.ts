import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { SchedulerModuleOptions } from 'nestjs-advanced-scheduler';
import { closeApps, startApp, type Tasks } from '../support/app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  await closeApps();
  await server.command('CONFIG', 'SET', 'maxmemory', '0');
});
afterAll(() => server.stop());

let namespaces = 0;
const newNamespace = (): string => `full${++namespaces}`;

/** From now on every write without permission is refused. */
async function fill(): Promise<void> {
  await server.command('CONFIG', 'SET', 'maxmemory', '1mb');
}

const start = (tasks: Tasks, namespace: string, options: SchedulerModuleOptions = {}) =>
  startApp(tasks, { store: { type: 'redis', url: server.url }, namespace, ...options });

const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'done',
    (error: { code: string }) => error.code,
  );

describe('a Redis that is full when a process starts', () => {
  it('starts the process and drains the backlog', async () => {
    const namespace = newNamespace();
    const { module, scheduler } = await start({ t: () => 'ran' }, namespace, { role: 'producer' });
    const ids = await scheduler.scheduleTasks(
      Array.from({ length: 50 }, () => ({ taskId: 't', payload: { text: 'x'.repeat(1000) } })),
    );
    await module.close();
    await fill();
    const worker = await start(
      {
        t: [{ cron: '0 0 1 1 *' }, () => 'ran'],
        // Known to no node until now.
        u: [{ dependencies: [{ taskId: 't' }], requireLock: true, lockKey: 'u' }, () => 'ran'],
      },
      namespace,
      { queues: { default: { rateLimit: { max: 100, per: '1s' } } } },
    );
    const ended = await Promise.all(ids.map((id) => worker.scheduler.waitForExecution(id, { timeout: '30s' })));
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['COMPLETED']));
    expect(await outcome(worker.scheduler.scheduleTask('t'))).toBe('STORE_FULL');
    expect(await worker.scheduler.listCronTasks()).toHaveLength(1);
  });

  it('accepts a forgotten worker again', async () => {
    const namespace = newNamespace();
    const { scheduler } = await start({ t: () => 'ran' }, namespace, { lease: '3s' });
    const [worker] = await scheduler.listWorkers();
    await scheduler.taskQueue.pause('default');
    const id = await scheduler.scheduleTask('t');
    await fill();
    // As other nodes see it after its lease has expired.
    await server.command('HDEL', `{${namespace}}:workers`, worker!.workerId);
    await scheduler.taskQueue.resume('default');
    expect((await scheduler.waitForExecution(id, { timeout: '30s' })).status).toBe('COMPLETED');
  });
});

describe('a full Redis', () => {
  it('refuses new work, and accepts all commands that drain or control work', async () => {
    const { scheduler } = await start({ t: () => 'ran', s: () => 'ran' }, newNamespace(), { autoStart: false });
    const [one] = await scheduler.scheduleTasks([{ taskId: 't' }, { taskId: 't' }]);
    await scheduler.scheduleCronTask('t', '0 0 1 1 *', { id: 'yearly' });
    await fill();
    const { taskQueue, lockManager } = scheduler;
    const outcomes = {
      scheduleTask: await outcome(scheduler.scheduleTask('t')),
      runWorkflow: await outcome(scheduler.runWorkflow({ tasks: [{ taskId: 't' }] })),
      cancelTask: await outcome(scheduler.cancelTask(one!)),
      pause: await outcome(taskQueue.pause('default')),
      resume: await outcome(taskQueue.resume('default')),
      pauseCron: await outcome(scheduler.pauseCronTask('yearly')),
      resumeCron: await outcome(scheduler.resumeCronTask('yearly')),
      unscheduleCron: await outcome(scheduler.unscheduleCronTask('yearly')),
      withLock: await outcome(lockManager.withLock('key', {}, () => 'in')),
      forceRelease: await outcome(lockManager.forceRelease('key')),
      unregister: scheduler.unregisterTask('s'),
      listTasks: await outcome(scheduler.listTasks()),
      start: await outcome(scheduler.start()),
      stop: await outcome(scheduler.stop()),
    };
    expect(outcomes).toEqual({
      ...Object.fromEntries(Object.keys(outcomes).map((name) => [name, 'done'])),
      scheduleTask: 'STORE_FULL',
      runWorkflow: 'STORE_FULL',
      unregister: true,
    });
  });
});
