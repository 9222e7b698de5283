import 'reflect-metadata';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import {
  Injectable,
  Module,
  Scope,
  UseGuards,
  type Provider,
  type INestApplicationContext,
  type ModuleMetadata,
} from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  AdvancedTaskScheduler,
  defineTask,
  InjectScheduler,
  ScheduledTask,
  SchedulerModule,
  type SchedulerModuleOptions,
} from 'nestjs-advanced-scheduler';
import { gate, SILENT } from '../support/app.js';
import { removeStores, STORE_NAMES, storeOf, turns } from '../support/stores.js';

const open: INestApplicationContext[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});
afterAll(removeStores);

async function compile(options: SchedulerModuleOptions, { imports = [], ...more }: ModuleMetadata = {}) {
  const app = await Test.createTestingModule({ imports: [SchedulerModule.forRoot(options), ...imports], ...more })
    .setLogger(SILENT)
    .compile();
  open.push(app);
  return { app, scheduler: app.get(AdvancedTaskScheduler), loader: app.get(LazyModuleLoader) };
}

async function start(options: SchedulerModuleOptions, more: ModuleMetadata = {}) {
  const started = await compile(options, more);
  await started.app.init();
  return started;
}

async function result(scheduler: AdvancedTaskScheduler, taskId: string): Promise<unknown> {
  return (await scheduler.waitForExecution(await scheduler.scheduleTask(taskId), { timeout: '10s' })).result;
}

describe('a module that is loaded lazily', () => {
  const perRun = defineTask<void, string>('lazy.feature');

  @Injectable()
  class Singleton {
    private readonly answer = 'singleton';
    @ScheduledTask('lazy', { queue: 'lazy' })
    t() {
      return this.answer;
    }
    @ScheduledTask('lazy.cron', { cron: '0 0 1 1 *' })
    cron() {}
  }
  @Injectable({ scope: Scope.REQUEST })
  class PerRun {
    private readonly answer = 'per run';
    @ScheduledTask(perRun)
    t() {
      return this.answer;
    }
  }
  class ByFactory {
    constructor(private readonly answer: string) {}
    @ScheduledTask('lazy.factory', { inject: [Singleton], useFactory: (s: Singleton) => ({ tags: [s.t()] }) })
    t() {
      return this.answer;
    }
  }
  @Module({
    imports: [SchedulerModule.forFeature([perRun])],
    providers: [
      Singleton,
      PerRun,
      { provide: 'factory', useFactory: async () => (await turns(3), new ByFactory('factory')) },
    ],
  })
  class LazyModule {}

  it.each(STORE_NAMES)('registers its handlers, features and schedules when it is loaded: store %s', async (name) => {
    const { scheduler, loader } = await start(await storeOf(name));
    await expect(scheduler.scheduleTask('lazy')).rejects.toMatchObject({ code: 'TASK_NOT_REGISTERED' });
    await loader.load(() => LazyModule);
    expect(await result(scheduler, 'lazy')).toBe('singleton');
    expect(await result(scheduler, 'lazy.feature')).toBe('per run');
    expect(await result(scheduler, 'lazy.factory')).toBe('factory');
    expect(scheduler.taskDefinitions.get('lazy.feature')!.remote).toBe(false);
    expect(scheduler.taskDefinitions.get('lazy.factory')!.tags).toEqual(['singleton']);
    expect(await scheduler.listCronTasks()).toMatchObject([{ id: 'lazy.cron', declaredBy: 'app' }]);
    // Loaded once, however often it is requested.
    await loader.load(() => LazyModule);
    expect(await result(scheduler, 'lazy')).toBe('singleton');
  });

  it('does not change schedules that were changed by hand since the start', async () => {
    @Injectable()
    class AtStart {
      @ScheduledTask('kept', { cron: '0 1 * * *' })
      kept() {}
      @ScheduledTask('deleted', { cron: '0 1 * * *' })
      deleted() {}
      @ScheduledTask('unregistered', { cron: '0 1 * * *' })
      unregistered() {}
    }
    const { scheduler, loader } = await start({}, { providers: [AtStart] });
    await scheduler.scheduleCronTask('kept', '0 5 * * *');
    await scheduler.unscheduleCronTask('deleted');
    scheduler.unregisterTask('unregistered');
    await loader.load(() => LazyModule);
    const schedules = (await scheduler.listCronTasks()).map(({ id, cronExpression }) => [id, cronExpression]);
    expect(schedules.sort()).toEqual([
      ['kept', '0 5 * * *'],
      ['lazy.cron', '0 0 1 1 *'],
    ]);
  });

  it('runs what another process has enqueued for it', async () => {
    const store = await storeOf('embedded');
    const first = await start({ ...store, autoStart: false }, { imports: [LazyModule] });
    const id = await first.scheduler.scheduleTask('lazy');
    await first.app.close();
    const { scheduler, loader } = await start(store);
    await loader.load(() => LazyModule);
    expect((await scheduler.waitForExecution(id, { timeout: '10s' })).result).toBe('singleton');
  });

  it.each(['a constructor', 'onModuleInit', 'onApplicationBootstrap'])('can be loaded by %s', async (where) => {
    @Injectable()
    class Early {
      loading: Promise<unknown> | null = null;
      constructor(private readonly loader: LazyModuleLoader) {
        if (where === 'a constructor') this.loading = loader.load(() => LazyModule);
      }
      async onModuleInit() {
        if (where === 'onModuleInit') await this.loader.load(() => LazyModule);
      }
      async onApplicationBootstrap() {
        if (where === 'onApplicationBootstrap') await this.loader.load(() => LazyModule);
      }
    }
    const { app, scheduler } = await start({}, { providers: [Early] });
    await app.get(Early).loading;
    expect(await result(scheduler, 'lazy')).toBe('singleton');
    expect(await result(scheduler, 'lazy.factory')).toBe('factory');
    expect(await scheduler.listCronTasks()).toHaveLength(1);
  });

  it('belongs to the scheduler that its decorators name', async () => {
    @Injectable()
    class Named {
      @ScheduledTask('lazy.named', { scheduler: 'mail' })
      t() {
        return 'named';
      }
    }
    @Module({ providers: [Named] })
    class NamedModule {}
    @Injectable()
    class Holder {
      constructor(@InjectScheduler('mail') readonly mail: AdvancedTaskScheduler) {}
    }
    const { app, scheduler, loader } = await start(
      {},
      { imports: [SchedulerModule.forRoot({ name: 'mail' })], providers: [Holder] },
    );
    await loader.load(() => NamedModule);
    expect(await result(app.get(Holder).mail, 'lazy.named')).toBe('named');
    expect(scheduler.taskDefinitions.size).toBe(0);
  });

  it('is refused if it has a wrong task, without affecting other loads', async () => {
    @Injectable()
    class Wrong {
      @ScheduledTask('wrong', { cron: '61 * * * *' })
      t() {}
    }
    @Injectable()
    class Taken {
      @ScheduledTask('at.start')
      t() {}
    }
    class Unmade {
      @UseGuards(class Guard {})
      @ScheduledTask('unmade')
      t() {}
    }
    @Injectable()
    class AtStart {
      @ScheduledTask('at.start')
      t() {
        return 'at start';
      }
    }
    const { scheduler, loader } = await start({}, { providers: [AtStart] });
    const wrong: [Provider, string, string][] = [
      [Wrong, 'INVALID_CRON', "task 'wrong' (Wrong.t)"],
      [Taken, 'DUPLICATE_HANDLER', 'AtStart.t, Taken.t'],
      [{ provide: 'unmade', useValue: new Unmade() }, 'INVALID_HANDLER', 'Unmade.t'],
    ];
    for (const [provider, code, says] of wrong) {
      @Module({ providers: [provider] })
      class WrongModule {}
      const loading = loader.load(() => WrongModule);
      await expect(loading).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
    }
    await loader.load(() => LazyModule);
    expect(await result(scheduler, 'lazy')).toBe('singleton');
    expect(await result(scheduler, 'at.start')).toBe('at start');
  });

  it('cannot contain a scheduler', async () => {
    @Module({ imports: [SchedulerModule.forRoot({ name: 'late' })] })
    class LateModule {}
    const { loader } = await start({});
    await expect(loader.load(() => LateModule)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      field: 'SchedulerModule.forRoot',
    });
  });

  it.each(STORE_NAMES)('starts no handler once the app stops: store %s', async (name) => {
    const [begun, door] = [gate(), gate()];
    let starts = 0;
    const destroyed: number[] = [];
    @Injectable()
    class Slow {
      @ScheduledTask('slow')
      async t() {
        starts++;
        begun.open();
        await door.opened;
        return destroyed.length;
      }
    }
    @Module({ providers: [Slow] })
    class SlowModule {}
    @Injectable()
    class Other {
      onModuleDestroy() {
        destroyed.push(starts);
      }
    }
    const { app, scheduler, loader } = await start(
      { ...(await storeOf(name)), maxConcurrentTasks: 1 },
      { providers: [Other] },
    );
    await loader.load(() => SlowModule);
    await scheduler.scheduleTasks(Array.from({ length: 5 }, () => ({ taskId: 'slow' })));
    await begun.opened;
    const closing = app.close();
    await turns(10);
    expect(destroyed).toEqual([]);
    door.open();
    await closing;
    expect([starts, destroyed]).toEqual([1, [1]]);
  });
});

describe('a call while providers are created', () => {
  class ByFactory {
    constructor(private readonly answer: string) {}
    @ScheduledTask('made')
    t() {
      return this.answer;
    }
  }
  @Injectable({ scope: Scope.REQUEST })
  class PerRun {
    private readonly answer = 'per run';
    @ScheduledTask('per.run')
    t() {
      return this.answer;
    }
  }
  @Injectable()
  class Options {
    readonly tags = ['made'];
  }
  @Injectable()
  class Handlers {
    constructor(readonly options: Options) {}
    @ScheduledTask('simple')
    simple() {
      return 'simple';
    }
    @ScheduledTask('optioned', { inject: [Options], useFactory: ({ tags }: Options) => ({ tags }) })
    optioned() {
      return 'optioned';
    }
  }
  const feature = defineTask<void, string>('made', { taskId: 'feature' });

  it.each(STORE_NAMES)('in an asynchronous provider factory loses no handler: store %s', async (name) => {
    const ids: string[] = [];
    const { app, scheduler } = await compile(await storeOf(name), {
      imports: [SchedulerModule.forFeature([feature, { taskId: 'plain', funcPath: 'made' }])],
      providers: [
        {
          provide: 'early',
          inject: [AdvancedTaskScheduler],
          useFactory: async (early: AdvancedTaskScheduler) => {
            ids.push(await early.scheduleTask('simple'));
            ids.push(...(await early.scheduleTasks([{ taskId: 'simple' }])));
            return 'early';
          },
        },
        { provide: 'late', inject: ['early'], useFactory: async () => (await turns(3), new ByFactory('made')) },
        Handlers,
        PerRun,
        Options,
      ],
    });
    await app.init();
    expect([...scheduler.taskDefinitions.keys()].sort()).toEqual([
      'feature',
      'made',
      'optioned',
      'per.run',
      'plain',
      'simple',
    ]);
    expect(scheduler.taskDefinitions.get('feature')!.remote).toBe(false);
    expect(scheduler.taskDefinitions.get('optioned')!.tags).toEqual(['made']);
    for (const id of ids) expect((await scheduler.waitForExecution(id)).result).toBe('simple');
    for (const taskId of ['feature', 'made', 'plain']) expect(await result(scheduler, taskId)).toBe('made');
    expect(await result(scheduler, 'per.run')).toBe('per run');
  });

  it.each(STORE_NAMES)('in a constructor waits for tasks that need other providers: store %s', async (name) => {
    @Injectable()
    class Eager {
      readonly calls: Promise<unknown>;
      constructor(scheduler: AdvancedTaskScheduler) {
        this.calls = Promise.all([
          scheduler.scheduleTask('optioned'),
          scheduler.scheduleTasks([{ taskId: 'feature' }, { taskId: 'made' }]),
          scheduler.runWorkflow({ tasks: [{ taskId: 'optioned' }] }),
          scheduler.scheduleCronTask('optioned', '0 0 1 1 *'),
        ]);
      }
    }
    const { app, scheduler } = await compile(await storeOf(name), {
      imports: [SchedulerModule.forFeature([feature])],
      providers: [
        Eager,
        { provide: 'late', useFactory: async () => (await turns(3), new ByFactory('made')) },
        Handlers,
        Options,
      ],
    });
    await app.init();
    await app.get(Eager).calls;
    expect((await scheduler.listExecutions({ taskId: 'optioned' })).items).toHaveLength(2);
    await expect(scheduler.scheduleTask('unknown')).rejects.toMatchObject({ code: 'TASK_NOT_REGISTERED' });
  });

  it('in a factory knows at once which tasks another node runs', async () => {
    const store = await storeOf('redis');
    await start({ ...store, autoStart: false }, { providers: [Handlers, Options] });
    const { app, scheduler } = await compile(
      { ...store, role: 'producer' },
      {
        providers: [
          {
            provide: 'early',
            inject: [AdvancedTaskScheduler],
            useFactory: (early: AdvancedTaskScheduler) => early.scheduleTask('optioned'),
          },
        ],
      },
    );
    await app.init();
    expect((await scheduler.getTaskStatus(app.get<string>('early')))!.tags).toEqual(['made']);
  });

  it.each(STORE_NAMES)('in any constructor waits for the store: store %s', async (name) => {
    const outcomes: Record<string, unknown> = {};
    const calls: Record<string, (s: AdvancedTaskScheduler) => Promise<unknown>> = {
      listTasks: (s) => s.listTasks(),
      cancelTask: (s) => s.cancelTask('x'),
      retryTask: (s) => s.retryTask('x'),
      getTaskStatus: (s) => s.getTaskStatus('x'),
      why: (s) => s.why('x'),
      listExecutions: (s) => s.listExecutions(),
      getWorkflow: (s) => s.getWorkflow('x'),
      listWorkflows: (s) => s.listWorkflows(),
      listCronTasks: (s) => s.listCronTasks(),
      unscheduleCronTask: (s) => s.unscheduleCronTask('x'),
      pauseCronTask: (s) => s.pauseCronTask('x'),
      resumeCronTask: (s) => s.resumeCronTask('x'),
      listWorkers: (s) => s.listWorkers(),
      listQueues: (s) => s.listQueues(),
      getHealthStatus: (s) => s.getHealthStatus(),
      'taskQueue.pause': (s) => s.taskQueue.pause('q'),
      'taskQueue.size': (s) => s.taskQueue.size(),
      'lockManager.acquire': async (s) => (await s.lockManager.acquire('k'))!.release(),
      'lockManager.withLock': (s) => s.lockManager.withLock('l', {}, () => 1),
      'lockManager.isLocked': (s) => s.lockManager.isLocked('k'),
      scheduleCronTask: (s) => s.scheduleCronTask('simple', '0 0 1 1 *'),
    };
    @Injectable()
    class Eager {
      readonly calls: Promise<unknown>;
      constructor(scheduler: AdvancedTaskScheduler) {
        const settle = async ([call, run]: [string, (s: AdvancedTaskScheduler) => Promise<unknown>]) => {
          outcomes[call] = await run(scheduler).then(
            () => 'answered',
            (error: Error) => error,
          );
        };
        this.calls = Promise.all(Object.entries(calls).map(settle));
      }
    }
    const { app } = await compile(await storeOf(name), { providers: [Eager, Handlers, Options] });
    await app.init();
    await app.get<Eager>(Eager).calls;
    expect(outcomes).toEqual(Object.fromEntries(Object.keys(calls).map((call) => [call, 'answered'])));
  });

  it('does not hide errors: the app does not start', async () => {
    @Injectable()
    class Wrong {
      @ScheduledTask('wrong', { timeout: 'soon' })
      t() {}
    }
    @Injectable()
    class Eager {
      readonly call: Promise<unknown>;
      constructor(scheduler: AdvancedTaskScheduler) {
        this.call = scheduler.scheduleTask('simple').catch((error: Error) => error);
      }
    }
    const { app } = await compile({}, { providers: [Eager, Handlers, Options, Wrong] });
    await expect(app.init()).rejects.toMatchObject({ message: expect.stringContaining("task 'wrong' (Wrong.t)") });
  });
});
