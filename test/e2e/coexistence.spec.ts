import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type ModuleMetadata } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  AdvancedTaskScheduler,
  ScheduledTask,
  SchedulerEvents,
  SchedulerModule,
  type ExecutionEvent,
} from 'nestjs-advanced-scheduler';
import { gate, SILENT } from '../support/app.js';

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

const DUTIES = ['cron', 'promoter', 'pruner', 'rescuer', 'unserved'];
const timersOf = (name: string) => DUTIES.map((duty) => `scheduler:${name}:${duty}`);

@Injectable()
class Listeners {
  readonly completed: ExecutionEvent[] = [];
  readonly wild: string[] = [];
  readonly own: unknown[] = [];
  readonly ended = gate();

  @ScheduledTask('t')
  t() {
    return 'ran';
  }
  @OnEvent('scheduler.execution.completed')
  onCompleted(event: ExecutionEvent) {
    this.completed.push(event);
    this.ended.open();
  }
  @OnEvent('app.own')
  onOwn(event: unknown) {
    this.own.push(event);
  }
}

@Injectable()
class Timers {
  crons = 0;
  intervals = 0;
  timeouts = 0;
  readonly ticked = gate();
  constructor(readonly scheduler: AdvancedTaskScheduler) {}

  @Cron('* * * * * *', { name: 'their cron' })
  onCron() {
    this.crons++;
    this.ticked.open();
  }
  @Interval('their interval', 10_000_000)
  onInterval() {
    this.intervals++;
  }
  @Timeout('their timeout', 1)
  async onTimeout() {
    this.timeouts++;
    await this.scheduler.scheduleTask('t');
  }
}

const orders: [string, (ours: ModuleMetadata['imports']) => ModuleMetadata['imports']][] = [
  ['before ours', (ours) => [ScheduleModule.forRoot(), EventEmitterModule.forRoot({ wildcard: true }), ...ours!]],
  ['after ours', (ours) => [...ours!, ScheduleModule.forRoot(), EventEmitterModule.forRoot({ wildcard: true })]],
];

describe.each(orders)('an app with its own ScheduleModule and EventEmitterModule, %s', (_place, imports) => {
  it('has one listener and one timer of each', async () => {
    @Injectable()
    class Wild {
      readonly names: string[] = [];
      @OnEvent('scheduler.execution.*')
      onAny(event: ExecutionEvent) {
        this.names.push(event.transition);
      }
    }
    const app = await start({
      imports: imports([SchedulerModule.forRoot()]),
      providers: [Listeners, Timers, Wild],
    });
    const { completed, own, ended } = app.get(Listeners);
    const any: unknown[] = [];
    app.get(EventEmitter2).onAny((name) => any.push(name));
    const timers = app.get(Timers);
    await timers.ticked.opened;
    await ended.opened;
    await timers.scheduler.stop();
    expect(timers.timeouts).toBe(1);
    const items = (await timers.scheduler.listExecutions()).items;
    expect(items).toHaveLength(1);
    expect(completed).toHaveLength(1);
    expect(completed[0]).toMatchObject({ executionId: items[0]!.executionId, taskId: 't', result: 'ran' });
    expect(app.get(Wild).names).toEqual(['scheduled', 'started', 'completed']);
    expect(any).toEqual(expect.arrayContaining(['scheduler.execution.completed', 'scheduler.worker.left']));
    app.get(EventEmitter2).emit('app.own', 1);
    expect(own).toEqual([1]);
    // One tick a second; two, if the app had two explorers.
    expect(timers.crons).toBe(1);
    expect(timers.intervals).toBe(0);
    const registry = app.get(SchedulerRegistry);
    expect(registry.getIntervals().sort()).toEqual([...timersOf('default'), 'their interval']);
    expect([...registry.getCronJobs().keys()]).toEqual(['their cron']);
  });

  it('stops a duty whose timer is deleted in its SchedulerRegistry', async () => {
    const app = await start({ imports: imports([SchedulerModule.forRoot()]), providers: [Listeners] });
    const registry = app.get(SchedulerRegistry);
    const scheduler = app.get(AdvancedTaskScheduler);
    const early = await scheduler.scheduleTask('t', { delay: '1ms' });
    await scheduler.waitForExecution(early);
    registry.deleteInterval('scheduler:default:promoter');
    const late = await scheduler.scheduleTask('t', { delay: '1ms' });
    await expect(scheduler.waitForExecution(late, { timeout: '100ms' })).rejects.toMatchObject({
      code: 'WAIT_TIMEOUT',
    });
    expect(registry.getIntervals().sort()).toEqual(timersOf('default').filter((name) => !name.endsWith('promoter')));
    const ready = await scheduler.scheduleTask('t');
    expect((await scheduler.waitForExecution(ready)).status).toBe('COMPLETED');
  });
});

describe('an app without these modules', () => {
  it('has listeners and a registry', async () => {
    const app = await start({ imports: [SchedulerModule.forRoot()], providers: [Listeners] });
    const scheduler = app.get(AdvancedTaskScheduler);
    await scheduler.waitForExecution(await scheduler.scheduleTask('t'));
    expect(app.get(Listeners).completed).toHaveLength(1);
    app.get(EventEmitter2).emit('app.own', 1);
    expect(app.get(Listeners).own).toEqual([1]);
    expect(app.get(SchedulerRegistry).getIntervals().sort()).toEqual(timersOf('default'));
  });

  it('has no timers after it is closed', async () => {
    const app = await start({ imports: [SchedulerModule.forRoot()], providers: [Listeners] });
    const registry = app.get(SchedulerRegistry);
    await app.close();
    module = null;
    expect(registry.getIntervals()).toEqual([]);
  });

  it('runs periodic duties in a producer, too', async () => {
    const app = await start({ imports: [SchedulerModule.forRoot({ role: 'producer' })], providers: [Listeners] });
    expect(app.get(SchedulerRegistry).getIntervals().sort()).toEqual(timersOf('default'));
  });
});

describe('several schedulers', () => {
  it.each([
    ['without these modules', []],
    ['with them', [ScheduleModule.forRoot(), EventEmitterModule.forRoot()]],
  ])('share listeners and registry, %s', async (_what, more) => {
    @Injectable()
    class Handlers {
      readonly heard: string[] = [];
      @ScheduledTask('t')
      @ScheduledTask('t', { scheduler: 'mail' })
      t() {}
      @OnEvent(SchedulerEvents.EXECUTION_COMPLETED)
      onCompleted(event: ExecutionEvent) {
        this.heard.push(event.scheduler);
      }
    }
    const app = await start({
      imports: [...more, SchedulerModule.forRoot(), SchedulerModule.forRoot({ name: 'mail' })],
      providers: [Handlers],
    });
    const main = app.get(AdvancedTaskScheduler);
    const mail = app.get<AdvancedTaskScheduler>('AdvancedTaskScheduler:mail');
    await main.waitForExecution(await main.scheduleTask('t'));
    await mail.waitForExecution(await mail.scheduleTask('t'));
    expect(app.get(Handlers).heard).toEqual(['default', 'mail']);
    const registry = app.get(SchedulerRegistry);
    expect(registry.getIntervals().sort()).toEqual([...timersOf('default'), ...timersOf('mail')].sort());
  });
});
