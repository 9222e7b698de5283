import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type DynamicModule, type INestApplicationContext, type ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  defineTask,
  ScheduledTask,
  SchedulerError,
  SchedulerModule,
  SchedulerProbesModule,
  type TaskOptions,
} from 'nestjs-advanced-scheduler';
import { SchedulerTestingModule, SchedulerTestKit } from 'nestjs-advanced-scheduler/testing';
import { SILENT } from '../support/app.js';

const open: INestApplicationContext[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

async function start(metadata: ModuleMetadata): Promise<INestApplicationContext> {
  const app = await Test.createTestingModule(metadata).setLogger(SILENT).compile();
  open.push(app);
  return app.init();
}

/** The error with which an app with this task does not start. */
async function refusal(decorate: MethodDecorator, more: DynamicModule[] = []): Promise<SchedulerError> {
  class Reports {
    generate() {}
  }
  decorate(Reports.prototype, 'generate', Object.getOwnPropertyDescriptor(Reports.prototype, 'generate')!);
  Injectable()(Reports);
  return start({ imports: [SchedulerModule.forRoot(), ...more], providers: [Reports] }).then(
    () => {
      throw new Error('it has started');
    },
    (error: SchedulerError) => error,
  );
}

const odd = (options: unknown): TaskOptions => options as TaskOptions;

describe('an error at boot names the task and the method', () => {
  const OPTIONS: [string, unknown, string, RegExp][] = [
    ['cron of a wrong hour', { cron: '0 25 * * *' }, 'INVALID_CRON', /field 2 \(hour\): 25 is not in 0-23/],
    ['cron null', { cron: null }, 'INVALID_OPTION', /cron: null/],
    ['cron false', { cron: false }, 'INVALID_OPTION', /cron: false/],
    ['cron 5', { cron: 5 }, 'INVALID_OPTION', /cron: 5/],
    ['cron a list', { cron: ['0 0 * * *'] }, 'INVALID_OPTION', /cron: an array/],
    ['cron empty', { cron: '' }, 'INVALID_CRON', /cronExpression ""/],
    ['cron without an expression', { cron: {} }, 'INVALID_CRON', /cronExpression undefined/],
    [
      'an unknown field of cron',
      { cron: { expression: '0 0 * * *', timezne: 'UTC' } },
      'INVALID_OPTION',
      /cron\.timezne/,
    ],
    ['a wrong zone', { cron: { expression: '0 0 * * *', timezone: 'Mars' } }, 'INVALID_TIMEZONE', /Mars/],
    ['a cron that never fires', { cron: '0 0 30 2 *' }, 'CRON_NEVER_FIRES', /never fires/],
    ['a wrong timeout', { timeout: 'soon' }, 'INVALID_DURATION', /timeout: "soon"/],
    ['an unknown field', { tiemout: '5m' }, 'INVALID_TASK_DEFINITION', /tiemout/],
    ['a wrong priority', { priority: 'URGENT' }, 'INVALID_PRIORITY', /URGENT/],
    ['a wrong id', { taskId: 'a b' }, 'INVALID_NAME', /taskId: "a b"/],
    ['a wrong retry', { retryConfig: { maxAttempts: 0 } }, 'INVALID_RETRY_CONFIG', /maxAttempts/],
    ['a dependency on itself', { dependencies: [{ taskId: 'report' }] }, 'SELF_DEPENDENCY', /report/],
    ['a payload that is no JSON', { payload: 1n }, 'NOT_SERIALIZABLE', /report/],
    ['another funcPath', { funcPath: 'other' }, 'INVALID_OPTION', /funcPath: "other"/],
    ['null', null, 'INVALID_OPTION', /options: null/],
    ['text', '0 0 * * *', 'INVALID_OPTION', /options: "0 0 \* \* \*"/],
  ];
  it.each(OPTIONS)('%s', async (_what, options, code, says) => {
    const error = await refusal(ScheduledTask('report', odd(options)));
    expect(error).toBeInstanceOf(SchedulerError);
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(says)]);
    expect(error.message).toMatch(/^task '(report|a b)' \(Reports\.generate\): /);
    // What the log of Nest prints.
    expect(error.stack).toContain(error.message);
  });

  it.each<[string, object, string, RegExp]>([
    ['gives nothing', { useFactory: () => undefined }, 'INVALID_OPTION', /result of useFactory: undefined/],
    ['gives null', { useFactory: () => Promise.resolve(null) }, 'INVALID_OPTION', /result of useFactory: null/],
    ['is none', { useFactory: 5 }, 'INVALID_OPTION', /useFactory: 5/],
    ['has no list to inject', { inject: 'x', useFactory: () => ({}) }, 'INVALID_OPTION', /inject: "x"/],
    ['injects what is unknown', { inject: ['NOBODY'], useFactory: () => ({}) }, 'INVALID_HANDLER', /NOBODY/],
    [
      'throws',
      {
        useFactory: () => {
          throw new TypeError('no configuration');
        },
      },
      'INVALID_HANDLER',
      /no configuration/,
    ],
    ['rejects with text', { useFactory: () => Promise.reject('no') as unknown }, 'INVALID_HANDLER', /no/],
    ['stands beside options', { useFactory: () => ({}), timeout: '5m' }, 'INVALID_OPTION', /timeout/],
    ['gives a wrong cron', { useFactory: () => ({ cron: '61 * * * *' }) }, 'INVALID_CRON', /field 1 \(minute\)/],
    [
      'gives a scheduler, for which it is too late',
      { useFactory: () => ({ scheduler: 'mail' }) },
      'INVALID_OPTION',
      /scheduler: "mail" .*next to useFactory/,
    ],
    ['gives cron false', { useFactory: () => ({ cron: false }) }, 'INVALID_OPTION', /cron: false/],
  ])('for a factory that %s', async (_what, options, code, says) => {
    const error = await refusal(ScheduledTask('report', odd(options)));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(says)]);
    expect(error.message).toMatch(/^task 'report' \(Reports\.generate\): /);
  });

  it.each<[string, unknown, RegExp]>([
    ['no text', 5, /funcPath/],
    ['undefined', undefined, /funcPath/],
    ['null', null, /funcPath/],
    ['of forbidden characters', 'a b', /funcPath/],
  ])('for a funcPath that is %s', async (_what, funcPath, says) => {
    const error = await refusal(ScheduledTask(funcPath as string));
    expect(error).toBeInstanceOf(SchedulerError);
    expect(error.message).toMatch(says);
    expect(error.message).toContain('Reports.generate');
  });

  it('of forFeature', async () => {
    const feature = (...tasks: unknown[]) =>
      refusal(ScheduledTask('report'), [SchedulerModule.forFeature(tasks as never)]);
    const wrong = [
      [
        defineTask('of.ref', { timeout: 'soon' }),
        'INVALID_DURATION',
        /^task 'of\.ref' \(SchedulerModule\.forFeature\): timeout/,
      ],
      [{ taskId: 'x', funcPath: 'nobody' }, 'HANDLER_NOT_FOUND', /nobody/],
      [
        { taskId: 'x', funcPath: 'report', tiemout: 1 },
        'INVALID_TASK_DEFINITION',
        /^task 'x' \(.*forFeature\): tiemout/,
      ],
      [defineTask('x', { scheduler: 'mail' }), 'INVALID_OPTION', /^task 'x' \(.*forFeature\): scheduler: "mail"/],
      [null, 'INVALID_TASK_DEFINITION', /forFeature\): definition: null/],
      ['text', 'INVALID_TASK_DEFINITION', /forFeature\): definition: "text"/],
    ] as const;
    for (const [task, code, says] of wrong)
      expect(await feature(task)).toMatchObject({ code, message: expect.stringMatching(says) });
  });
});

describe('wrong options of modules', () => {
  const forRoot = SchedulerModule.forRoot.bind(SchedulerModule) as (options: unknown) => DynamicModule;
  const forRootAsync = SchedulerModule.forRootAsync.bind(SchedulerModule) as (options: unknown) => DynamicModule;
  const forFeature = SchedulerModule.forFeature.bind(SchedulerModule) as (...args: unknown[]) => DynamicModule;
  const register = SchedulerProbesModule.register.bind(SchedulerProbesModule) as (options: unknown) => DynamicModule;
  const testing = SchedulerTestingModule.forRoot.bind(SchedulerTestingModule) as (options: unknown) => DynamicModule;
  const define = defineTask as (...args: unknown[]) => unknown;

  it.each<[string, () => unknown, string]>([
    ['forRoot(null)', () => forRoot(null), 'options'],
    ['forRoot(text)', () => forRoot('memory'), 'options'],
    ['forRoot of a wrong name', () => forRoot({ name: 'a b' }), 'name'],
    ['forRoot of isGlobal text', () => forRoot({ isGlobal: 'yes' }), 'isGlobal'],
    ['forRootAsync()', () => forRootAsync(undefined), 'options'],
    ['forRootAsync(null)', () => forRootAsync(null), 'options'],
    ['forRootAsync of nothing', () => forRootAsync({}), 'forRootAsync'],
    ['forRootAsync of an unknown option', () => forRootAsync({ useFactory: () => ({}), injects: [] }), 'injects'],
    ['forRootAsync of a store', () => forRootAsync({ useFactory: () => ({}), store: 'redis' }), 'store'],
    ['forRootAsync of two ways', () => forRootAsync({ useFactory: () => ({}), useClass: class {} }), 'forRootAsync'],
    ['forRootAsync of a useFactory that is none', () => forRootAsync({ useFactory: {} }), 'useFactory'],
    ['forFeature()', () => forFeature(), 'tasks'],
    ['forFeature of one task', () => forFeature({ taskId: 't', funcPath: 't' }), 'tasks'],
    ['forFeature of a scheduler that is no text', () => forFeature([], 5), 'scheduler'],
    ['register(null)', () => register(null), 'options'],
    ['register of an unknown option', () => register({ paths: 'health' }), 'paths'],
    ['register of a path that is none', () => register({ path: 5 }), 'path'],
    ['the kit’s forRoot(null)', () => testing(null), 'options'],
    ['the kit’s forRoot of an unknown option', () => testing({ namespce: 'x' }), 'namespce'],
    ['the kit’s forRoot of a store', () => testing({ store: 'redis' }), 'store'],
    ['the kit’s forRoot of autoStart', () => testing({ autoStart: true }), 'autoStart'],
    ['the kit’s forRoot of a clock that is none', () => testing({ clock: {} }), 'clock'],
    ['defineTask()', () => define(), 'funcPath'],
    ['defineTask of options null', () => define('t', null), 'options'],
    ['defineTask of options that are text', () => define('t', '5m'), 'options'],
  ])('%s is refused by name', (_what, call, field) => {
    expect(call).toThrow(expect.objectContaining({ code: expect.any(String), field }));
  });

  it.each<[string, () => unknown, string]>([
    ['undefined', () => undefined, 'options'],
    ['null', () => null, 'options'],
    ['a promise of undefined', () => Promise.resolve(undefined), 'options'],
    ['an unknown option', () => ({ namespce: 'x' }), 'namespce'],
    ['a store that it does not know', () => ({ store: { type: 'memory', path: 'x' } }), 'store.path'],
    ['a store that is null', () => ({ store: null }), 'store'],
    ['a clock that is none', () => ({ clock: {} }), 'clock'],
    [
      'a clock without monotonic time',
      () => ({ clock: { now: Date.now, setTimer: setTimeout, setRepeating: setInterval } }),
      'clock',
    ],
    ['queues that are null', () => ({ queues: null }), 'queues'],
    ['queues that are text', () => ({ queues: 'mail' }), 'queues'],
  ])('a factory of forRootAsync that returns %s is refused by name', async (_what, useFactory, field) => {
    const imports = [forRootAsync({ useFactory })];
    await expect(start({ imports })).rejects.toMatchObject({ code: 'INVALID_OPTION', field });
  });

  it('options of the wrong store type are refused by name', async () => {
    for (const [store, field] of [
      [{ type: 'memory', url: 'redis://x' }, 'store.url'],
      [{ type: 'embedded', paht: 'x' }, 'store.paht'],
      [{}, 'store'],
      [5, 'store'],
    ])
      await expect(start({ imports: [forRoot({ store })] })).rejects.toMatchObject({ code: 'INVALID_OPTION', field });
  });
});

describe('options of the kit', () => {
  it.each<[string, (kit: SchedulerTestKit) => Promise<unknown>, string]>([
    ['expectScheduled', (kit) => kit.expectScheduled('a', { statuss: 'PENDING' } as object), 'expected.statuss'],
    ['expectNotScheduled', (kit) => kit.expectNotScheduled('a', { statuss: 'PENDING' } as object), 'expected.statuss'],
    ['a status that is none', (kit) => kit.expectNotScheduled('a', { status: 'DONE' as never }), 'expected.status'],
    [
      'a priority that is none',
      (kit) => kit.expectNotScheduled('a', { priority: 'URGENT' as never }),
      'expected.priority',
    ],
    [
      'an instant that is none',
      (kit) => kit.expectNotScheduled('a', { scheduledTime: 'soon' }),
      'expected.scheduledTime',
    ],
    ['null', (kit) => kit.expectScheduled('a', null as never), 'expected'],
    ['a task that is none', (kit) => kit.executions(5 as never), 'taskId'],
    ['runHandler', (kit) => kit.runHandler('a', undefined, { atempt: 2 } as object), 'ctx.atempt'],
    ['runHandler of null', (kit) => kit.runHandler('a', undefined, null as never), 'ctx'],
    ['an attempt that is none', (kit) => kit.runHandler('a', undefined, { attempt: 0 }), 'ctx.attempt'],
    ['a signal that is none', (kit) => kit.runHandler('a', undefined, { signal: {} as never }), 'signal'],
    ['advance', (kit) => kit.advance('soon'), 'duration'],
  ])('are refused by name: %s', async (_what, call, field) => {
    @Injectable()
    class Reports {
      @ScheduledTask('a')
      daily() {}
    }
    const app = await start({ imports: [SchedulerTestingModule.forRoot()], providers: [Reports] });
    await expect(Promise.resolve().then(() => call(app.get(SchedulerTestKit)))).rejects.toMatchObject({ field });
  });
});
