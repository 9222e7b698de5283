import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  AdvancedTaskScheduler,
  defineTask,
  DistributedTaskLock,
  getSchedulerToken,
  InjectScheduler,
  PriorityTaskQueue,
  ScheduledTask,
  SchedulerHealthMonitor,
  SchedulerModule,
  TaskDependencyGraph,
  TaskRetryManager,
  type SchedulerOptions,
  type SchedulerOptionsFactory,
  type TaskContext,
} from 'nestjs-advanced-scheduler';
import { SchedulerTestingModule, SchedulerTestKit } from 'nestjs-advanced-scheduler/testing';
import { SILENT } from '../support/app.js';

let module: TestingModule | null = null;
afterEach(async () => {
  await module?.close();
  module = null;
});

async function start(metadata: ModuleMetadata): Promise<TestingModule> {
  module = await Test.createTestingModule(metadata).setLogger(SILENT).compile();
  await module.init();
  return module;
}

const config = (values: Record<string, unknown>) =>
  ConfigModule.forRoot({ ignoreEnvFile: true, isGlobal: true, load: [() => values] });

describe('forRootAsync', () => {
  class Options implements SchedulerOptionsFactory {
    createSchedulerOptions(): Promise<SchedulerOptions> {
      return Promise.resolve({ maxConcurrentTasks: 13 });
    }
  }
  @Module({ providers: [Options], exports: [Options] })
  class OptionsModule {}

  it.each([
    [
      'useFactory',
      SchedulerModule.forRootAsync({
        inject: [ConfigService],
        useFactory: (values: ConfigService) => ({ maxConcurrentTasks: values.get('slots')! }),
      }),
    ],
    ['useClass', SchedulerModule.forRootAsync({ useClass: Options })],
    ['useExisting', SchedulerModule.forRootAsync({ imports: [OptionsModule], useExisting: Options })],
  ])('accepts %s', async (_how, scheduler) => {
    const app = await start({ imports: [config({ slots: 13 }), scheduler] });
    expect((await app.get(AdvancedTaskScheduler).getHealthStatus()).maxConcurrentTasks).toBe(13);
  });

  it('requires one of them', () => {
    expect(() => SchedulerModule.forRootAsync({})).toThrow('useFactory, useClass or useExisting');
  });

  it('refuses bad options with the name of the option', async () => {
    const app = Test.createTestingModule({
      imports: [SchedulerModule.forRootAsync({ useFactory: () => ({ maxConcurrentTasks: 0 }) })],
    }).setLogger(SILENT);
    await expect(app.compile()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      field: 'maxConcurrentTasks',
      message: expect.stringContaining('1 to 10000'),
    });
  });
});

describe('parts', () => {
  it('are injectable, and the scheduler’s own', async () => {
    const app = await start({ imports: [SchedulerModule.forRoot()] });
    const scheduler = app.get(AdvancedTaskScheduler);
    expect(app.get(PriorityTaskQueue)).toBe(scheduler.taskQueue);
    expect(app.get(DistributedTaskLock)).toBe(scheduler.lockManager);
    expect(app.get(TaskDependencyGraph)).toBe(scheduler.dependencyGraph);
    expect(app.get(TaskRetryManager)).toBe(scheduler.retryManager);
    expect(app.get(SchedulerHealthMonitor)).toBeInstanceOf(SchedulerHealthMonitor);
  });

  it('are available in a feature module without an import', async () => {
    @Injectable()
    class Orders {
      constructor(
        readonly scheduler: AdvancedTaskScheduler,
        readonly lock: DistributedTaskLock,
      ) {}
      @ScheduledTask('orders.bill')
      bill() {
        return 'billed';
      }
    }
    @Module({ providers: [Orders], exports: [Orders] })
    class OrdersModule {}
    const app = await start({ imports: [SchedulerModule.forRoot(), OrdersModule] });
    const { scheduler } = app.get(Orders);
    const id = await scheduler.scheduleTask('orders.bill');
    expect((await scheduler.waitForExecution(id)).result).toBe('billed');
  });

  it('can be used to schedule from onModuleInit and onApplicationBootstrap', async () => {
    @Injectable()
    class Early {
      ids: string[] = [];
      constructor(readonly scheduler: AdvancedTaskScheduler) {}
      @ScheduledTask('early')
      early() {
        return 'early';
      }
      async onModuleInit() {
        this.ids.push(await this.scheduler.scheduleTask('early'));
      }
      async onApplicationBootstrap() {
        this.ids.push(await this.scheduler.scheduleTask('early'));
      }
    }
    const early = (await start({ imports: [SchedulerModule.forRoot()], providers: [Early] })).get(Early);
    for (const id of early.ids) expect((await early.scheduler.waitForExecution(id)).result).toBe('early');
    expect(early.ids).toHaveLength(2);
  });
});

describe('options of a decorator from other providers', () => {
  it('are resolved at boot', async () => {
    @Injectable()
    class Handlers {
      @ScheduledTask('report', {
        inject: [ConfigService, { token: 'missing', optional: true }],
        useFactory: async (values: ConfigService, missing: unknown) => ({
          priority: values.get('priority'),
          timeout: '5m',
          cron: { expression: values.get<string>('cron')!, timezone: 'Europe/Berlin' },
          tags: [missing === undefined ? 'none' : 'some'],
        }),
      })
      report() {}
    }
    const app = await start({
      imports: [config({ priority: 'HIGH', cron: '0 6 * * *' }), SchedulerModule.forRoot()],
      providers: [Handlers],
    });
    const scheduler = app.get(AdvancedTaskScheduler);
    expect(scheduler.taskDefinitions.get('report')).toMatchObject({ priority: 1, timeout: 300_000, tags: ['none'] });
    expect(await scheduler.listCronTasks()).toMatchObject([
      { id: 'report', cronExpression: '0 6 * * *', timezone: 'Europe/Berlin', declaredBy: 'app' },
    ]);
  });

  it('that are invalid prevent the app from starting', async () => {
    @Injectable()
    class Handlers {
      @ScheduledTask('report', { cron: '61 * * * *' })
      report() {}
    }
    const app = await Test.createTestingModule({ imports: [SchedulerModule.forRoot()], providers: [Handlers] })
      .setLogger(SILENT)
      .compile();
    await expect(app.init()).rejects.toMatchObject({ code: 'INVALID_CRON' });
    await app.close();
  });

  it('with dependencies can be resolved in any order; a cycle prevents the app from starting', async () => {
    @Injectable()
    class Handlers {
      @ScheduledTask('a', { dependencies: [{ taskId: 'b' }] })
      a() {}
      @ScheduledTask('b', { dependencies: [{ taskId: 'c' }] })
      b() {}
      @ScheduledTask('c', { dependencies: [{ taskId: 'a' }] })
      c() {}
    }
    const app = await Test.createTestingModule({ imports: [SchedulerModule.forRoot()], providers: [Handlers] })
      .setLogger(SILENT)
      .compile();
    await expect(app.init()).rejects.toMatchObject({
      code: 'CIRCULAR_DEPENDENCY',
      message: expect.stringMatching(/-> .* -> /),
    });
    await app.close();
  });
});

describe('defineTask', () => {
  const bill = defineTask<{ order: number }, string>('orders.bill', { taskId: 'bill', priority: 'HIGH' });
  const ship = defineTask<{ order: number }, string>('orders.ship', { dependencies: [{ taskId: 'bill' }] });

  @Injectable()
  class Orders {
    @ScheduledTask(bill)
    bill({ order }: { order: number }) {
      return `billed ${order}`;
    }
    @ScheduledTask(ship)
    ship({ order }: { order: number }, { results }: TaskContext) {
      return `${results.bill} and shipped ${order}`;
    }
  }

  it('can be used wherever a task is named', async () => {
    const app = await start({ imports: [SchedulerTestingModule.forRoot()], providers: [Orders] });
    const scheduler = app.get(AdvancedTaskScheduler);
    const kit = app.get(SchedulerTestKit);
    const [id] = await scheduler.scheduleTasks([{ taskId: bill, payload: { order: 1 } }]);
    const shipped = await scheduler.scheduleTask(ship, { payload: { order: 1 }, after: { bill: id! } });
    await scheduler.scheduleCronTask(bill, '0 0 * * *', { payload: { order: 2 } });
    const { executions } = await scheduler.runWorkflow({
      tasks: [
        { taskId: bill, payload: { order: 4 } },
        { taskId: ship, payload: { order: 4 } },
      ],
    });
    await kit.drain();
    expect((await scheduler.getTaskStatus(executions['orders.ship']!))!.result).toBe('billed 4 and shipped 4');
    expect((await scheduler.getTaskStatus(shipped))!.result).toBe('billed 1 and shipped 1');
    expect(scheduler.taskDefinitions.get('bill')).toMatchObject({ funcPath: 'orders.bill', priority: 1 });
    expect((await scheduler.listCronTasks())[0]!.taskId).toBe('bill');
  });

  it('with forFeature registers remote tasks, like plain definitions', async () => {
    const app = await start({
      imports: [
        SchedulerModule.forRoot({ role: 'producer' }),
        SchedulerModule.forFeature([bill, ship]),
        SchedulerModule.forFeature([{ taskId: 'plain', funcPath: 'plain.func' }]),
      ],
    });
    const scheduler = app.get(AdvancedTaskScheduler);
    expect([...scheduler.taskDefinitions.keys()].sort()).toEqual(['bill', 'orders.ship', 'plain']);
    const id = await scheduler.scheduleTask(bill, { payload: { order: 1 } });
    expect((await scheduler.getTaskStatus(id))!.status).toBe('PENDING');
  });

  it('with forFeature and its handler registers the task once', async () => {
    const app = await start({
      imports: [SchedulerModule.forRoot(), SchedulerModule.forFeature([bill, ship])],
      providers: [Orders],
    });
    const scheduler = app.get(AdvancedTaskScheduler);
    const id = await scheduler.scheduleTask(bill, { payload: { order: 3 } });
    expect((await scheduler.waitForExecution(id)).result).toBe('billed 3');
  });
});

describe('several schedulers in one app', () => {
  it('are separated by name', async () => {
    @Injectable()
    class Handlers {
      constructor(
        @InjectScheduler() readonly main: AdvancedTaskScheduler,
        @InjectScheduler('mail') readonly mail: AdvancedTaskScheduler,
        readonly byClass: AdvancedTaskScheduler,
      ) {}
      @ScheduledTask('work')
      work() {
        return 'main';
      }
      @ScheduledTask('work', { scheduler: 'mail' })
      send() {
        return 'mail';
      }
      @ScheduledTask('both')
      @ScheduledTask('both', { scheduler: 'mail' })
      both() {
        return 'both';
      }
    }
    const app = await start({
      imports: [
        SchedulerModule.forRoot({ maxConcurrentTasks: 3 }),
        SchedulerModule.forRoot({ name: 'mail', maxConcurrentTasks: 5 }),
        SchedulerModule.forFeature([{ taskId: 'feature', funcPath: 'work' }], 'mail'),
      ],
      providers: [Handlers],
    });
    const { main, mail, byClass } = app.get(Handlers);
    expect(byClass).toBe(main);
    expect(mail).not.toBe(main);
    expect(app.get(getSchedulerToken('mail'))).toBe(mail);
    expect(app.get(getSchedulerToken())).toBe(main);
    expect([...main.taskDefinitions.keys()].sort()).toEqual(['both', 'work']);
    expect([...mail.taskDefinitions.keys()].sort()).toEqual(['both', 'feature', 'work']);
    const result = async (scheduler: AdvancedTaskScheduler, id: string): Promise<unknown> =>
      (await scheduler.waitForExecution(await scheduler.scheduleTask(id))).result;
    expect(await result(main, 'work')).toBe('main');
    expect(await result(mail, 'work')).toBe('mail');
    expect(await result(main, 'both')).toBe('both');
    expect(await result(mail, 'feature')).toBe('mail');
    expect((await main.listExecutions()).items).toHaveLength(2);
    expect((await main.getHealthStatus()).maxConcurrentTasks).toBe(3);
    expect((await mail.getHealthStatus()).maxConcurrentTasks).toBe(5);
    expect(await mail.lockManager.acquire('key')).not.toBeNull();
    expect(await main.lockManager.isLocked('key')).toBe(false);
  });
});
