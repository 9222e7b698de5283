import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as library from 'nestjs-advanced-scheduler';
import { SchedulerError, type AdvancedTaskScheduler } from 'nestjs-advanced-scheduler';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { closeApps, startKit } from '../support/app.js';

let scheduler: AdvancedTaskScheduler;
let store: TaskStore;
let ofOther: string;

beforeAll(async () => {
  const app = await startKit({
    t: () => 0,
    other: () => 0,
    dependent: [{ dependencies: [{ taskId: 't' }] }, () => 0],
    loose: [{ dependencies: [{ taskId: 'nobody' }] }, () => 0],
  });
  scheduler = app.scheduler;
  store = app.module.get(TASK_STORE, { strict: false });
  await scheduler.scheduleTask('t', { idempotencyKey: 'used', payload: 1 });
  ofOther = await scheduler.scheduleTask('other');
  await app.kit.drain();
});
afterAll(closeApps);

/** Everything that a refused call could have stored. */
async function traces(): Promise<string> {
  return JSON.stringify([
    await store.dump(),
    [...scheduler.taskDefinitions.keys()],
    scheduler.dependencyGraph.topologicalSort(),
  ]);
}

type Call = (scheduler: AdvancedTaskScheduler) => unknown;
type Case = [what: string, call: Call, error: string, code: string, says: (string | RegExp)[]];

const register =
  (definition: object): Call =>
  (s) =>
    s.registerTask({ taskId: 'new', funcPath: 't', ...definition });
const schedule =
  (options: object, taskId = 't'): Call =>
  (s) =>
    s.scheduleTask(taskId, options);
const cron =
  (expression: string, options: object = {}): Call =>
  (s) =>
    s.scheduleCronTask('t', expression, options);
const workflow =
  (...tasks: object[]): Call =>
  (s) =>
    s.runWorkflow({ tasks } as never);

const deep = (levels: number): unknown => (levels === 0 ? 1 : { d: deep(levels - 1) });
const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

const cases: Case[] = [
  // ---- definitions
  [
    'a task id twice',
    register({ taskId: 'dependent' }),
    'TaskAlreadyRegisteredError',
    'TASK_ALREADY_REGISTERED',
    ["'dependent'"],
  ],
  ['a self-edge', register({ dependencies: [{ taskId: 'new' }] }), 'SelfDependencyError', 'SELF_DEPENDENCY', ["'new'"]],
  [
    'a cycle through a forward reference',
    register({ taskId: 'nobody', dependencies: [{ taskId: 'loose' }] }),
    'CircularDependencyError',
    'CIRCULAR_DEPENDENCY',
    [/(loose -> nobody -> loose|nobody -> loose -> nobody)/],
  ],
  [
    'a handler that nobody has',
    register({ funcPath: 'none' }),
    'HandlerNotFoundError',
    'HANDLER_NOT_FOUND',
    ["'none'", 'remote'],
  ],
  [
    'a task id with a space',
    register({ taskId: 'a b' }),
    'InvalidNameError',
    'INVALID_NAME',
    ['taskId', '"a b"', '1 to 128'],
  ],
  ['no task id', register({ taskId: undefined }), 'InvalidNameError', 'INVALID_NAME', ['taskId', 'undefined']],
  ['a task id of another type', register({ taskId: 7 }), 'InvalidNameError', 'INVALID_NAME', ['taskId', '7']],
  ['a task id too long', register({ taskId: 'x'.repeat(129) }), 'InvalidNameError', 'INVALID_NAME', ['taskId']],
  ['an unknown field', register({ retries: 3 }), 'InvalidTaskDefinitionError', 'INVALID_TASK_DEFINITION', ['retries']],
  [
    'no definition',
    (s) => s.registerTask(null as never),
    'InvalidTaskDefinitionError',
    'INVALID_TASK_DEFINITION',
    ['null'],
  ],
  [
    'a priority out of range',
    register({ priority: 5 }),
    'InvalidPriorityError',
    'INVALID_PRIORITY',
    ['priority', '5', '0 to 4'],
  ],
  [
    'a priority by a wrong name',
    register({ priority: 'normal' }),
    'InvalidPriorityError',
    'INVALID_PRIORITY',
    ['"normal"', 'NORMAL'],
  ],
  [
    'a lock timeout in seconds',
    register({ lockTimeout: 300 }),
    'DurationUnitError',
    'DURATION_UNIT',
    ['lockTimeout', '300s'],
  ],
  ['a negative timeout', register({ timeout: -1 }), 'InvalidDurationError', 'INVALID_DURATION', ['timeout', '-1']],
  [
    'a timeout that is no text of a duration',
    register({ timeout: 'soon' }),
    'InvalidDurationError',
    'INVALID_DURATION',
    ['"soon"', '10m'],
  ],
  [
    'a timeout without a unit',
    register({ timeout: '10' }),
    'InvalidDurationError',
    'INVALID_DURATION',
    ['timeout', '"10"'],
  ],
  [
    'maxAttempts of 0',
    register({ retryConfig: { maxAttempts: 0 } }),
    'InvalidRetryConfigError',
    'INVALID_RETRY_CONFIG',
    ['maxAttempts', '0', '1 to 1000'],
  ],
  [
    'an unknown strategy',
    register({ retryConfig: { strategy: 'fixed' } }),
    'InvalidRetryConfigError',
    'INVALID_RETRY_CONFIG',
    ['strategy', 'FIXED'],
  ],
  [
    'an unknown dependency type',
    register({ dependencies: [{ taskId: 't', type: 'ok' }] }),
    'InvalidTaskDefinitionError',
    'INVALID_TASK_DEFINITION',
    ['"ok"', 'success'],
  ],
  [
    'a dependency twice',
    register({ dependencies: [{ taskId: 't' }, { taskId: 't' }] }),
    'DuplicateDependencyError',
    'DUPLICATE_DEPENDENCY',
    ["'new'", "'t'"],
  ],
  [
    'too many tags',
    register({ tags: Array.from({ length: 17 }, (_, i) => `t${i}`) }),
    'InvalidTaskDefinitionError',
    'INVALID_TASK_DEFINITION',
    ['tags', '16'],
  ],
  [
    'a payload that is no JSON',
    register({ payload: { when: new Date() } }),
    'NotSerializableError',
    'NOT_SERIALIZABLE',
    ['payload.when', 'Date'],
  ],
  ['a task that another needs', (s) => s.unregisterTask('t'), 'TaskInUseError', 'TASK_IN_USE', ["'t'", "'dependent'"]],
  // ---- scheduleTask
  ['an unknown task', schedule({}, 'no such'), 'TaskNotRegisteredError', 'TASK_NOT_REGISTERED', ['no such']],
  [
    'no task at all',
    (s) => s.scheduleTask(undefined as never),
    'InvalidOptionError',
    'INVALID_OPTION',
    ['taskId', 'undefined'],
  ],
  [
    'a dependency that no task bears',
    schedule({}, 'loose'),
    'UnknownDependencyError',
    'UNKNOWN_DEPENDENCY',
    ["'loose'", "'nobody'"],
  ],
  [
    '`after` an execution that is not there',
    schedule({ after: { t: 'none' } }, 'dependent'),
    'UnknownDependencyError',
    'UNKNOWN_DEPENDENCY',
    ['none'],
  ],
  [
    '`after` an execution of another task',
    (s) => s.scheduleTask('dependent', { after: { t: ofOther } }),
    'UnknownDependencyError',
    'UNKNOWN_DEPENDENCY',
    ["'other'", "'t'"],
  ],
  [
    '`after` a task that it does not depend on',
    schedule({ after: { t: 'x' } }),
    'UnknownDependencyError',
    'UNKNOWN_DEPENDENCY',
    ["'t'", 'declared'],
  ],
  ['an unknown option', schedule({ priorty: 1 }), 'InvalidOptionError', 'INVALID_OPTION', ['priorty', 'priority']],
  [
    'options that are no object',
    (s) => s.scheduleTask('t', 'now' as never),
    'InvalidOptionError',
    'INVALID_OPTION',
    ['options', '"now"'],
  ],
  [
    'delay and scheduledTime',
    schedule({ delay: '1m', scheduledTime: 0 }),
    'InvalidOptionError',
    'INVALID_OPTION',
    ['delay', 'not both'],
  ],
  ['a bad delay', schedule({ delay: 'tomorrow' }), 'InvalidDurationError', 'INVALID_DURATION', ['delay', '"tomorrow"']],
  ['a delay of NaN', schedule({ delay: Number.NaN }), 'InvalidDurationError', 'INVALID_DURATION', ['delay', 'NaN']],
  [
    'a bad time',
    schedule({ scheduledTime: 'tomorrow' }),
    'InvalidDateError',
    'INVALID_DATE',
    ['scheduledTime', '"tomorrow"'],
  ],
  [
    'a time too far ahead',
    schedule({ scheduledTime: '2999-01-01' }),
    'InvalidDateError',
    'INVALID_DATE',
    ['ten years'],
  ],
  ['a bad priority', schedule({ priority: 'URGENT' }), 'InvalidPriorityError', 'INVALID_PRIORITY', ['"URGENT"']],
  [
    'a key used with another body',
    schedule({ idempotencyKey: 'used', payload: 2 }),
    'IdempotencyConflictError',
    'IDEMPOTENCY_CONFLICT',
    ["'used'"],
  ],
  ['an empty key', schedule({ idempotencyKey: '' }), 'InvalidOptionError', 'INVALID_OPTION', ['idempotencyKey']],
  [
    'NaN in the payload',
    schedule({ payload: [{ n: Number.NaN }] }),
    'NotSerializableError',
    'NOT_SERIALIZABLE',
    ['payload[0].n', 'NaN'],
  ],
  [
    'a function in the payload',
    schedule({ payload: { f: () => 0 } }),
    'NotSerializableError',
    'NOT_SERIALIZABLE',
    ['payload.f', 'function'],
  ],
  ['a BigInt payload', schedule({ payload: 1n }), 'NotSerializableError', 'NOT_SERIALIZABLE', ['payload', 'bigint']],
  [
    'a cyclic payload',
    schedule({ payload: cyclic }),
    'NotSerializableError',
    'NOT_SERIALIZABLE',
    ['payload.self', 'cycle'],
  ],
  [
    'a payload too large',
    schedule({ payload: 'x'.repeat(300_000) }),
    'PayloadTooLargeError',
    'PAYLOAD_TOO_LARGE',
    ['262144'],
  ],
  ['a payload too deep', schedule({ payload: deep(40) }), 'PayloadTooDeepError', 'PAYLOAD_TOO_DEEP', ['32']],
  [
    '__proto__ in the payload',
    schedule({ payload: JSON.parse('{"__proto__":{"a":1}}') as unknown }),
    'ForbiddenKeyError',
    'FORBIDDEN_KEY',
    ['__proto__'],
  ],
  [
    'too many requests',
    (s) => s.scheduleTasks(Array.from({ length: 10_001 }, () => ({ taskId: 't' }))),
    'InvalidOptionError',
    'INVALID_OPTION',
    ['10000'],
  ],
  [
    'one bad request among good ones',
    (s) => s.scheduleTasks([{ taskId: 't' }, { taskId: 't', priority: 9 as never }]),
    'InvalidPriorityError',
    'INVALID_PRIORITY',
    ['9'],
  ],
  [
    'a conflict among good requests',
    (s) => s.scheduleTasks([{ taskId: 't' }, { taskId: 't', idempotencyKey: 'used' }]),
    'IdempotencyConflictError',
    'IDEMPOTENCY_CONFLICT',
    [],
  ],
  // ---- workflows
  ['a node twice', workflow({ taskId: 't' }, { taskId: 't' }), 'DuplicateNodeError', 'DUPLICATE_NODE', ["'t'", 'ref']],
  [
    'a node of an unknown task',
    workflow({ taskId: 't' }, { taskId: 'none' }),
    'TaskNotRegisteredError',
    'TASK_NOT_REGISTERED',
    ['none'],
  ],
  [
    'an edge to no node',
    workflow({ taskId: 't', dependencies: [{ ref: 'none' }] }),
    'UnknownDependencyError',
    'UNKNOWN_DEPENDENCY',
    ["'none'"],
  ],
  [
    'an edge to itself',
    workflow({ taskId: 't', dependencies: [{ ref: 't' }] }),
    'SelfDependencyError',
    'SELF_DEPENDENCY',
    ["'t'"],
  ],
  [
    'a cycle of nodes',
    workflow(
      { taskId: 't', ref: 'a', dependencies: [{ ref: 'c' }] },
      { taskId: 't', ref: 'b', dependencies: [{ ref: 'a' }] },
      { taskId: 't', ref: 'c', dependencies: [{ ref: 'b' }] },
    ),
    'CircularDependencyError',
    'CIRCULAR_DEPENDENCY',
    [/(a -> c -> b -> a|b -> a -> c -> b|c -> b -> a -> c|a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)/],
  ],
  [
    'a bad payload of a node',
    workflow({ taskId: 't' }, { taskId: 't', ref: 'x', payload: () => 0 }),
    'NotSerializableError',
    'NOT_SERIALIZABLE',
    ['payload'],
  ],
  // ---- cron
  ['too few fields', cron('* * *'), 'InvalidCronExpressionError', 'INVALID_CRON', ['"* * *"']],
  ['a minute out of range', cron('60 * * * *'), 'InvalidCronExpressionError', 'INVALID_CRON', ['60']],
  ['words', cron('every day'), 'InvalidCronExpressionError', 'INVALID_CRON', ['"every day"']],
  ['an empty expression', cron(''), 'InvalidCronExpressionError', 'INVALID_CRON', []],
  ['30 February', cron('0 0 30 2 *'), 'CronNeverFiresError', 'CRON_NEVER_FIRES', ['never fires']],
  [
    'an unknown timezone',
    cron('* * * * *', { timezone: 'Mars/Olympus' }),
    'InvalidTimezoneError',
    'INVALID_TIMEZONE',
    ['"Mars/Olympus"', 'Europe/Berlin'],
  ],
  [
    'an unknown overlap policy',
    cron('* * * * *', { overlap: 'replace' }),
    'InvalidOptionError',
    'INVALID_OPTION',
    ['overlap', '"replace"', 'skip'],
  ],
  [
    'an unknown misfire policy',
    cron('* * * * *', { misfire: { all: 0 } }),
    'InvalidOptionError',
    'INVALID_OPTION',
    ['misfire', '1 to 1000'],
  ],
  [
    'an end before the start',
    cron('* * * * *', { startTime: '2026-02-01', endTime: '2026-01-15' }),
    'InvalidOptionError',
    'INVALID_OPTION',
    ['endTime'],
  ],
  [
    'an unknown cron option',
    cron('* * * * *', { tz: 'UTC' }),
    'InvalidOptionError',
    'INVALID_OPTION',
    ['tz', 'timezone'],
  ],
  [
    'a cron of an unknown task',
    (s) => s.scheduleCronTask('none', '* * * * *'),
    'TaskNotRegisteredError',
    'TASK_NOT_REGISTERED',
    ['none'],
  ],
  [
    'a cron payload that is no JSON',
    cron('* * * * *', { payload: { at: new Map() } }),
    'NotSerializableError',
    'NOT_SERIALIZABLE',
    ['payload.at'],
  ],
  // ---- the rest
  [
    'a limit of 0',
    (s) => s.listExecutions({ limit: 0 }),
    'InvalidOptionError',
    'INVALID_OPTION',
    ['limit', '1 to 1000'],
  ],
  [
    'an unknown status',
    (s) => s.listExecutions({ status: 'DONE' as never }),
    'InvalidOptionError',
    'INVALID_OPTION',
    ['status', '"DONE"', 'COMPLETED'],
  ],
  ...[
    { satus: 'FAILED' },
    { task: 'a' },
    { queues: 'mail' },
    { taskId: 5 },
    { queue: null },
    { tag: ['a'] },
    { workflowId: {} },
  ].map((query): Case => [
    `a listing by ${JSON.stringify(query)}`,
    (s) => s.listExecutions(query as never),
    'InvalidOptionError',
    'INVALID_OPTION',
    Object.keys(query),
  ]),
  ...[null, 'FAILED', [], 5].map((query): Case => [
    `a listing by ${JSON.stringify(query)}`,
    (s) => s.listExecutions(query as never),
    'InvalidOptionError',
    'INVALID_OPTION',
    ['query', 'queue'],
  ]),
  ...[{ status: 'FAILED' }, { name: 'a' }, { tag: 'a' }].map((query): Case => [
    `workflows by ${JSON.stringify(query)}`,
    (s) => s.listWorkflows(query as never),
    'InvalidOptionError',
    'INVALID_OPTION',
    [...Object.keys(query), 'limit, cursor'],
  ]),
  ['a made-up cursor', (s) => s.listExecutions({ cursor: 'x y' }), 'InvalidOptionError', 'INVALID_OPTION', ['cursor']],
  ['a queue by a bad name', (s) => s.taskQueue.pause('a b'), 'InvalidNameError', 'INVALID_NAME', ['queue', '"a b"']],
  ['a peek at nothing', (s) => s.taskQueue.peek(0), 'InvalidOptionError', 'INVALID_OPTION', ['count']],
  ['an empty lock key', (s) => s.lockManager.acquire(''), 'InvalidOptionError', 'INVALID_OPTION', ['key']],
  [
    'a ttl of nothing',
    (s) => s.lockManager.acquire('k', { ttl: '1ms' }),
    'InvalidDurationError',
    'INVALID_DURATION',
    ['ttl'],
  ],
  [
    'a wait with a bad timeout',
    (s) => s.waitForExecution('x', { timeout: 'long' }),
    'InvalidDurationError',
    'INVALID_DURATION',
    ['timeout'],
  ],
];

describe('bad input', () => {
  it.each(cases)('%s is refused', async (_what, call, name, code, says) => {
    const before = await traces();
    // A method that throws instead of rejecting is accepted as well.
    const error = await Promise.resolve()
      .then(() => call(scheduler))
      .then(
        () => null,
        (thrown: unknown) => thrown as SchedulerError,
      );
    expect(error).toBeInstanceOf(SchedulerError);
    expect(error!.name).toBe(name);
    expect(error!.code).toBe(code);
    expect(error).toBeInstanceOf((library as never)[name]);
    for (const text of says) expect(error!.message).toMatch(text instanceof RegExp ? text : escaped(text));
    expect(JSON.stringify(error!.details)).toBeDefined();
    expect(await traces()).toBe(before);
  });

  it('is refused by a rejected promise if the method returns one', async () => {
    const calls: (() => Promise<unknown>)[] = [
      () => scheduler.scheduleTask('none'),
      () => scheduler.listExecutions({ limit: 0 }),
      () => scheduler.scheduleTasks(null as never),
      () => scheduler.runWorkflow(null as never),
      () => scheduler.waitForExecution('x', { timeout: 'long' }),
      () => scheduler.taskQueue.pause('a b'),
      () => scheduler.taskQueue.resume('a b'),
      () => scheduler.taskQueue.peek(0),
      () => scheduler.lockManager.acquire(''),
    ];
    for (const call of calls) {
      const promise = call();
      await expect(promise).rejects.toBeInstanceOf(SchedulerError);
    }
  });
});

function escaped(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}
