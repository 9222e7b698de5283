import 'reflect-metadata';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  AdvancedTaskScheduler,
  getSchedulerToken,
  ScheduledTask,
  SchedulerModule,
  type SchedulerModuleOptions,
} from 'nestjs-advanced-scheduler';
import { aborted, closeApps, gate, SILENT, startApp } from '../support/app.js';
import { removeStores, STORE_NAMES, storeOf, turns } from '../support/stores.js';

const open: INestApplicationContext[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
  await closeApps();
});
afterAll(removeStores);

/** Reports whether the app had started when a handler ran. */
@Injectable()
class Handlers {
  isReady = false;
  readonly seen: boolean[] = [];
  readonly ran = gate();

  @ScheduledTask('work')
  work(): void {
    this.seen.push(this.isReady);
    this.ran.open();
  }

  async onModuleInit(): Promise<void> {
    await turns(20);
  }

  async onApplicationBootstrap(): Promise<void> {
    // Enough time for a claim that must not happen.
    await Promise.race([this.ran.opened, new Promise((resolve) => setTimeout(resolve, 300))]);
    this.isReady = true;
  }
}

async function compile(options: SchedulerModuleOptions, ...providers: Type[]) {
  const app = await Test.createTestingModule({
    imports: [SchedulerModule.forRoot(options)],
    providers: [Handlers, ...providers],
  })
    .setLogger(SILENT)
    .compile();
  open.push(app);
  return { app, handlers: app.get(Handlers), scheduler: app.get(AdvancedTaskScheduler) };
}

/** Leaves one execution that has not run. */
async function leaveWork(options: SchedulerModuleOptions): Promise<string> {
  const { app, scheduler } = await compile({ ...options, autoStart: false });
  await app.init();
  const id = await scheduler.scheduleTask('work');
  await app.close();
  return id;
}

describe('work left by a previous process', () => {
  it.each(['embedded', 'redis'] as const)('runs after the whole app has started: store %s', async (name) => {
    const store = await storeOf(name);
    const id = await leaveWork(store);
    const { app, handlers, scheduler } = await compile(store);
    await app.init();
    expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'COMPLETED', attempts: [{}] });
    expect(handlers.seen).toEqual([true]);
  });

  it.each(STORE_NAMES)(
    'and work that a constructor or a hook schedules run after the start: store %s',
    async (name) => {
      @Injectable()
      class Eager {
        readonly ids: Promise<string>[] = [];
        constructor(private readonly scheduler: AdvancedTaskScheduler) {
          this.ids.push(scheduler.scheduleTask('work'));
        }
        async onModuleInit(): Promise<void> {
          this.ids.push(this.scheduler.scheduleTask('work'));
          await this.scheduler.start();
        }
        async onApplicationBootstrap(): Promise<void> {
          this.ids.push(this.scheduler.scheduleTask('work'));
          await turns(20);
        }
      }
      const { app, handlers, scheduler } = await compile({ ...(await storeOf(name)), autoStart: false }, Eager);
      await app.init();
      for (const id of await Promise.all(app.get(Eager).ids)) await scheduler.waitForExecution(id);
      expect(handlers.seen).toEqual([true, true, true]);
    },
  );

  it('does not run if a hook has stopped the scheduler', async () => {
    @Injectable()
    class Careful {
      constructor(private readonly scheduler: AdvancedTaskScheduler) {}
      async onModuleInit(): Promise<void> {
        await this.scheduler.scheduleTask('work');
        await this.scheduler.stop();
      }
    }
    const { app, handlers, scheduler } = await compile({}, Careful);
    await app.init();
    await turns(20);
    expect(handlers.seen).toEqual([]);
    await scheduler.start();
    await handlers.ran.opened;
  });
});

describe('an app that fails to start', () => {
  @Injectable()
  class Broken {
    onApplicationBootstrap(): void {
      throw new Error('no license');
    }
  }
  @Injectable()
  class BrokenEarly {
    onModuleInit(): void {
      throw new Error('no license');
    }
  }

  it.each(STORE_NAMES.flatMap((name) => [Broken, BrokenEarly].map((broken) => [name, broken.name, broken] as const)))(
    'runs nothing and leaves nothing open: store %s, %s',
    async (name, _how, broken) => {
      const store = await storeOf(name);
      const id = name === 'memory' ? null : await leaveWork(store);
      const { app, handlers, scheduler } = await compile(store, broken);
      await expect(app.init()).rejects.toThrow('no license');
      await expect(scheduler.scheduleTask('work')).rejects.toMatchObject({ code: 'SCHEDULER_CLOSED' });
      await expect(scheduler.start()).rejects.toMatchObject({ code: 'SCHEDULER_CLOSED' });
      expect(handlers.seen).toEqual([]);
      await app.close();
      if (id === null) return;
      // The file of an embedded store would be in use.
      const next = await compile(store);
      await next.app.init();
      expect((await next.scheduler.waitForExecution(id)).status).toBe('COMPLETED');
    },
  );

  it('is closed if Nest returns no app', async () => {
    const store = await storeOf('embedded');
    @Module({ imports: [SchedulerModule.forRoot(store)], providers: [Handlers, Broken] })
    class AppModule {}
    const starting = NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await expect(starting).rejects.toThrow('no license');
    const { app } = await compile(store);
    await app.init();
  });

  it('runs nothing on one scheduler if another cannot start', async () => {
    const { store, namespace } = await storeOf('redis');
    const app = await Test.createTestingModule({
      imports: [
        SchedulerModule.forRoot({ store, namespace }),
        // Two schedulers of one name are refused when the second one starts.
        SchedulerModule.forRoot({ name: 'default', store: 'memory' }),
      ],
      providers: [Handlers],
    })
      .setLogger(SILENT)
      .compile();
    open.push(app);
    await expect(app.init()).rejects.toMatchObject({ code: 'INVALID_OPTION', field: 'name' });
    for (const token of [AdvancedTaskScheduler, getSchedulerToken('default')])
      await expect(app.get<AdvancedTaskScheduler>(token).listTasks()).rejects.toMatchObject({
        code: 'SCHEDULER_CLOSED',
      });
  });
});

describe('a closed scheduler', () => {
  it.each(STORE_NAMES)('refuses start() and every other call: store %s', async (name) => {
    const { app, handlers, scheduler } = await compile(await storeOf(name));
    await app.init();
    await app.close();
    await app.close();
    const calls: Record<string, () => Promise<unknown>> = {
      start: () => scheduler.start(),
      scheduleTask: () => scheduler.scheduleTask('work'),
      scheduleTasks: () => scheduler.scheduleTasks([{ taskId: 'work' }]),
      runWorkflow: () => scheduler.runWorkflow({ tasks: [{ taskId: 'work' }] }),
      getTaskStatus: () => scheduler.getTaskStatus('x'),
      waitForExecution: () => scheduler.waitForExecution('x'),
      cancelTask: () => scheduler.cancelTask('x'),
      retryTask: () => scheduler.retryTask('x'),
      listExecutions: () => scheduler.listExecutions(),
      listTasks: () => scheduler.listTasks(),
      listWorkers: () => scheduler.listWorkers(),
      listQueues: () => scheduler.listQueues(),
      scheduleCronTask: () => scheduler.scheduleCronTask('work', '0 0 * * *'),
      listCronTasks: () => scheduler.listCronTasks(),
      'taskQueue.pause': () => scheduler.taskQueue.pause('default'),
      'lockManager.acquire': () => scheduler.lockManager.acquire('key'),
      'lockManager.withLock': () => scheduler.lockManager.withLock('key', {}, () => 'in'),
    };
    const outcomes: Record<string, unknown> = {};
    for (const [call, run] of Object.entries(calls))
      outcomes[call] = await run().then(
        () => 'resolved',
        (error: { code?: string }) => error.code ?? error,
      );
    expect(outcomes).toEqual(Object.fromEntries(Object.keys(calls).map((call) => [call, 'SCHEDULER_CLOSED'])));
    await scheduler.stop();
    expect(handlers.seen).toEqual([]);
  });

  it('cannot be started while it drains', async () => {
    const [begun, door] = [gate(), gate()];
    const { module, scheduler } = await startApp({ slow: () => (begun.open(), door.opened), t: () => 'ran' });
    await scheduler.scheduleTask('slow');
    await begun.opened;
    const closing = module.close();
    const late = await scheduler.scheduleTask('t');
    await expect(scheduler.start()).rejects.toMatchObject({ code: 'SCHEDULER_CLOSED' });
    expect((await scheduler.getTaskStatus(late))!.status).toBe('PENDING');
    door.open();
    await closing;
  });
});

describe('an app that is closed while it starts', () => {
  it.each(STORE_NAMES)('runs nothing and leaves nothing open: store %s', async (name) => {
    const store = await storeOf(name);
    const id = name === 'memory' ? null : await leaveWork(store);
    const [reached, door] = [gate(), gate()];
    @Injectable()
    class Slow {
      async onApplicationBootstrap(): Promise<void> {
        reached.open();
        await door.opened;
      }
    }
    const { app, handlers } = await compile(store, Slow);
    const http = app.createNestApplication({ logger: false });
    const starting = http.init();
    await reached.opened;
    const closing = http.close();
    await turns(5);
    door.open();
    await Promise.all([starting, closing]);
    expect(handlers.seen).toEqual([]);
    if (id === null) return;
    const next = await compile(store);
    await next.app.init();
    expect((await next.scheduler.waitForExecution(id)).status).toBe('COMPLETED');
  });
});

describe('stop(false)', () => {
  it.each(STORE_NAMES)('aborts what an earlier stop waits for: store %s', async (name) => {
    const begun = gate();
    const { scheduler } = await startApp(
      {
        slow: async (_payload, { signal }) => {
          begun.open();
          await aborted(signal);
          throw new Error('aborted');
        },
      },
      await storeOf(name),
    );
    const id = await scheduler.scheduleTask('slow');
    await begun.opened;
    const stopping = scheduler.stop();
    await scheduler.stop(false);
    await stopping;
    expect(await scheduler.getTaskStatus(id)).toMatchObject({ status: 'PENDING', retryCount: 0 });
  });
});
