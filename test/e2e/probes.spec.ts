import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import {
  AdvancedTaskScheduler,
  ScheduledTask,
  SchedulerHealthIndicator,
  SchedulerModule,
  SchedulerProbesModule,
} from 'nestjs-advanced-scheduler';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { gate, SILENT, startKit, closeApps } from '../support/app.js';

let app: INestApplication | null = null;
let begun = gate();
let door = gate();

@Injectable()
class Handlers {
  @ScheduledTask('slow')
  async slow() {
    begun.open();
    await door.opened;
  }
  @ScheduledTask('t')
  t({ fail }: { fail?: boolean } = {}) {
    if (fail) throw new Error('as told');
  }
}

async function start(metadata: ModuleMetadata) {
  begun = gate();
  door = gate();
  const module = await Test.createTestingModule({ ...metadata, providers: [Handlers] })
    .setLogger(SILENT)
    .compile();
  app = module.createNestApplication();
  await app.listen(0);
  const { port } = app.getHttpServer().address() as AddressInfo;
  const get = (path: string) => request(`http://127.0.0.1:${port}`).get(path);
  return { app, get, scheduler: app.get(AdvancedTaskScheduler) };
}
afterEach(async () => {
  door.open();
  await app?.close();
  app = null;
  await closeApps();
});

describe('probes', () => {
  it('return 200 in a running app', async () => {
    const { get } = await start({ imports: [SchedulerModule.forRoot(), SchedulerProbesModule.register()] });
    expect((await get('/health/live').expect(200)).body).toEqual({ status: 'ok' });
    expect((await get('/health/ready').expect(200)).body).toMatchObject({
      status: 'ok',
      details: { scheduler: { status: 'up', scheduler: 'healthy', problems: [] } },
    });
    await get('/health/startup').expect(200);
  });

  it('can have another path', async () => {
    const { get } = await start({
      imports: [SchedulerModule.forRoot(), SchedulerProbesModule.register({ path: 'internal/probes' })],
    });
    await get('/internal/probes/ready').expect(200);
    await get('/internal/probes/live').expect(200);
    await get('/health/ready').expect(404);
  });

  it('return 503 for readiness while draining, and 200 for liveness', async () => {
    const { app, get, scheduler } = await start({
      imports: [SchedulerModule.forRoot(), SchedulerProbesModule.register()],
    });
    const id = await scheduler.scheduleTask('slow');
    await begun.opened;
    const ended = scheduler.waitForExecution(id);
    const closed = app.close();
    const { body } = await get('/health/ready').expect(503);
    expect(body).toMatchObject({ error: { scheduler: { status: 'down', problems: ['draining'] } } });
    await get('/health/live').expect(200);
    expect((await scheduler.getTaskStatus(id))!.status).toBe('RUNNING');
    door.open();
    await closed;
    expect((await ended).status).toBe('COMPLETED');
  });

  it('return 503 after stop, and 200 after start', async () => {
    const { get, scheduler } = await start({ imports: [SchedulerModule.forRoot(), SchedulerProbesModule.register()] });
    await scheduler.stop();
    expect((await get('/health/ready').expect(503)).body.error.scheduler.problems).toEqual(['stopped']);
    await get('/health/startup').expect(200);
    await scheduler.start();
    await get('/health/ready').expect(200);
  });

  it('return 200 while degraded', async () => {
    const { get, scheduler } = await start({ imports: [SchedulerModule.forRoot(), SchedulerProbesModule.register()] });
    await scheduler.waitForExecution(await scheduler.scheduleTask('t', { payload: { fail: true } }));
    expect((await get('/health/ready').expect(200)).body.details.scheduler).toMatchObject({
      status: 'up',
      scheduler: 'degraded',
      problems: ['success rate 0.0 % is below 90 %'],
    });
  });

  it('return 503 if the store does not respond', async () => {
    const { get, app, scheduler } = await start({
      imports: [SchedulerModule.forRoot(), SchedulerProbesModule.register()],
    });
    const store = app.get<TaskStore>(TASK_STORE, { strict: false });
    const { stats } = store;
    let asked = 0;
    store.stats = () => {
      asked++;
      return Promise.reject(new Error('connect ECONNREFUSED redis.internal:6379'));
    };
    const replies = await Promise.all(Array.from({ length: 20 }, () => get('/health/ready').expect(503)));
    for (const { body, text } of replies) {
      expect(body.error.scheduler).toMatchObject({ scheduler: 'unhealthy', problems: ['STORE_UNAVAILABLE'] });
      expect(text).not.toMatch(/ECONNREFUSED|redis\.internal/);
    }
    // Once a second, however often the probe is called.
    expect(asked).toBeLessThan(5);
    expect(await scheduler.getHealthStatus()).toMatchObject({
      status: 'unhealthy',
      storeReachable: false,
      problems: ['the store does not respond: connect ECONNREFUSED redis.internal:6379'],
      queueStats: { totalQueued: 0, pausedQueues: [] },
    });
    await get('/health/live').expect(200);
    store.stats = stats;
    const deadline = performance.now() + 10_000;
    while ((await get('/health/ready')).status !== 200) expect(performance.now()).toBeLessThan(deadline);
  });

  it('report each scheduler of the app', async () => {
    const { get, app } = await start({
      imports: [SchedulerModule.forRoot(), SchedulerModule.forRoot({ name: 'mail' }), SchedulerProbesModule.register()],
    });
    const { body } = await get('/health/ready').expect(200);
    expect(Object.keys(body.details).sort()).toEqual(['scheduler', 'scheduler:mail']);
    await app.get<AdvancedTaskScheduler>('AdvancedTaskScheduler:mail').stop();
    const { body: later } = await get('/health/ready').expect(503);
    expect(later.details.scheduler.status).toBe('up');
    expect(later.details['scheduler:mail'].status).toBe('down');
  });

  it('work in the app’s own Terminus controller', async () => {
    @Controller('status')
    class Status {
      constructor(
        private readonly checks: HealthCheckService,
        private readonly scheduler: SchedulerHealthIndicator,
      ) {}
      @Get()
      check() {
        return this.checks.check([() => this.scheduler.isHealthy('jobs')]);
      }
    }
    @Module({ imports: [TerminusModule.forRoot({ logger: false })], controllers: [Status] })
    class StatusModule {}
    const { get, scheduler } = await start({ imports: [SchedulerModule.forRoot(), StatusModule] });
    expect((await get('/status').expect(200)).body.details.jobs).toMatchObject({ status: 'up', scheduler: 'healthy' });
    await scheduler.stop();
    await get('/status').expect(503);
  });
});

describe('getHealthStatus', () => {
  it('returns its shape before any work', async () => {
    const { scheduler } = await startKit({});
    expect(await scheduler.getHealthStatus()).toEqual({
      status: 'healthy',
      problems: [],
      storeReachable: true,
      uptimeSeconds: 0,
      successRate: 100,
      averageExecutionTime: 0,
      runningTasks: 0,
      maxConcurrentTasks: 10,
      queueStats: {
        totalWaiting: 0,
        totalQueued: 0,
        byPriority: { CRITICAL: 0, HIGH: 0, NORMAL: 0, LOW: 0, BACKGROUND: 0 },
        oldestAgeSeconds: { CRITICAL: 0, HIGH: 0, NORMAL: 0, LOW: 0, BACKGROUND: 0 },
        delayed: 0,
        waitingForDependencies: 0,
        waitingForLock: 0,
        waitingForHandler: 0,
        pausedQueues: [],
        unservedQueues: [],
        unhandledTasks: [],
      },
      lockSuccessRate: 100,
      recentErrors: [],
      metrics: expect.objectContaining({ tasksExecuted: 0, tasksSucceeded: 0, tasksFailed: 0, stuckTasks: 0 }),
    });
  });

  it('counts ended and waiting executions', async () => {
    const { scheduler, kit, clock } = await startKit(
      {
        t: [
          { taskName: 'A task' },
          ({ fail, ms = 0 }) => {
            clock.advance(ms);
            if (fail) throw new Error('as told');
          },
        ],
        locked: [{ requireLock: true }, () => 0],
        dependent: [{ dependencies: [{ taskId: 'locked' }] }, () => 0],
      },
      { maxConcurrentTasks: 1 },
    );
    for (let i = 0; i < 3; i++) await scheduler.scheduleTask('t', { payload: { ms: 2000 } });
    const failed = await scheduler.scheduleTask('t', { payload: { fail: true, ms: 2000 } });
    await kit.drain();
    await scheduler.taskQueue.pause();
    await scheduler.scheduleTask('t', { priority: 'HIGH' });
    await scheduler.scheduleTask('t', { delay: '1h' });
    await scheduler.scheduleTask('dependent');
    await kit.advance('30s');
    expect(await scheduler.getHealthStatus()).toMatchObject({
      status: 'degraded',
      uptimeSeconds: 38,
      successRate: 75,
      averageExecutionTime: 2,
      queueStats: {
        totalQueued: 1,
        byPriority: { HIGH: 1 },
        oldestAgeSeconds: { HIGH: 30 },
        delayed: 1,
        waitingForDependencies: 1,
        pausedQueues: ['default'],
      },
      recentErrors: [{ taskName: 'A task', taskId: 't', executionId: failed, error: { message: 'as told' } }],
      metrics: { tasksExecuted: 4, tasksSucceeded: 3, tasksFailed: 1, tasksCancelled: 0 },
    });
    // An hour later it is outside of the window.
    await kit.advance('2h');
    expect((await scheduler.getHealthStatus()).status).toBe('healthy');
  });

  it('accepts another threshold', async () => {
    const { scheduler, kit } = await startKit(
      { t: ({ fail }) => (fail ? Promise.reject(new Error('f')) : 0) },
      { health: { threshold: 50 } },
    );
    await scheduler.scheduleTasks([
      { taskId: 't', payload: {} },
      { taskId: 't', payload: { fail: true } },
    ]);
    await kit.drain();
    expect((await scheduler.getHealthStatus()).status).toBe('healthy');
    await scheduler.scheduleTask('t', { payload: { fail: true } });
    await kit.drain();
    expect((await scheduler.getHealthStatus()).status).toBe('degraded');
  });

  it('is unhealthy if the worker had no reply of the store for a lease', async () => {
    const { scheduler, kit, module } = await startKit({}, { lease: '30s' });
    await kit.drain();
    const store = module.get<TaskStore>(TASK_STORE, { strict: false });
    store.heartbeat = () => Promise.reject(new Error('no connection'));
    kit.clock.advance(31_000);
    expect(await scheduler.getHealthStatus()).toMatchObject({
      status: 'unhealthy',
      problems: ['claiming has stalled for 31 s'],
    });
  });
});
