import { afterAll, afterEach, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  AdvancedTaskScheduler,
  DistributedTaskLock,
  PriorityTaskQueue,
  SchedulerError,
  SchedulerHealthMonitor,
  TaskDependencyGraph,
  TaskRetryManager,
  defineTask,
  previewCron,
  type InvalidInputError,
  type LockHandle,
} from 'nestjs-advanced-scheduler';
import { closeApps, startApp } from '../support/app.js';
import { STORE_NAMES, removeStores, storeOf, type StoreName } from '../support/stores.js';

jest.setTimeout(60_000);
afterEach(closeApps);
afterAll(removeStores);

/** One value of each type. */
const VALUES = {
  null: null,
  undefined,
  number: 5.5,
  boolean: true,
  text: 'nobody',
  array: [[]],
  object: { tiemout: 1 },
  symbol: Symbol('s'),
  function: () => 1,
};
type Kind = keyof typeof VALUES;

interface Parts {
  s: AdvancedTaskScheduler;
  q: PriorityTaskQueue;
  l: DistributedTaskLock;
  g: TaskDependencyGraph;
  r: TaskRetryManager;
  h: LockHandle;
}
type Call = (parts: Parts, value: any) => unknown;

const text: Kind[] = ['text'];
const option: Kind[] = ['undefined'];
const optionalText: Kind[] = ['text', 'undefined'];
const optionalNumber: Kind[] = ['number', 'undefined'];
const none: Kind[] = [];

/** Class, method and argument; the types that it takes; the call. */
const ROWS: [of: string, takes: Kind[], call: Call][] = [
  ['AdvancedTaskScheduler.registerTask definition', none, ({ s }, value) => s.registerTask(value)],
  ['AdvancedTaskScheduler.unregisterTask task', text, ({ s }, value) => s.unregisterTask(value)],
  ['AdvancedTaskScheduler.scheduleTask task', none, ({ s }, value) => s.scheduleTask(value)],
  ['AdvancedTaskScheduler.scheduleTask options', option, ({ s }, value) => s.scheduleTask('t', value)],
  [
    'AdvancedTaskScheduler.scheduleTask after',
    ['undefined', 'object'],
    ({ s }, value) => s.scheduleTask('t', { after: value }),
  ],
  ['AdvancedTaskScheduler.scheduleTask delay', optionalNumber, ({ s }, value) => s.scheduleTask('t', { delay: value })],
  ['AdvancedTaskScheduler.scheduleTasks requests', none, ({ s }, value) => s.scheduleTasks(value)],
  ['AdvancedTaskScheduler.scheduleTasks one', none, ({ s }, value) => s.scheduleTasks([value])],
  ['AdvancedTaskScheduler.scheduleTasks task', none, ({ s }, value) => s.scheduleTasks([{ taskId: value }])],
  ['AdvancedTaskScheduler.runWorkflow request', none, ({ s }, value) => s.runWorkflow(value)],
  ['AdvancedTaskScheduler.runWorkflow tasks', none, ({ s }, value) => s.runWorkflow({ tasks: value })],
  ['AdvancedTaskScheduler.runWorkflow node', none, ({ s }, value) => s.runWorkflow({ tasks: [value] })],
  ['AdvancedTaskScheduler.runWorkflow task', none, ({ s }, value) => s.runWorkflow({ tasks: [{ taskId: value }] })],
  ['AdvancedTaskScheduler.cancelTask id', text, ({ s }, value) => s.cancelTask(value)],
  ['AdvancedTaskScheduler.retryTask id', text, ({ s }, value) => s.retryTask(value)],
  ['AdvancedTaskScheduler.getTaskStatus id', text, ({ s }, value) => s.getTaskStatus(value)],
  ['AdvancedTaskScheduler.why id', text, ({ s }, value) => s.why(value)],
  ['AdvancedTaskScheduler.waitForExecution id', text, ({ s }, value) => s.waitForExecution(value)],
  ['AdvancedTaskScheduler.waitForExecution options', option, ({ s }, value) => s.waitForExecution('x', value)],
  ['AdvancedTaskScheduler.waitForExecution signal', option, ({ s }, signal) => s.waitForExecution('x', { signal })],
  [
    'AdvancedTaskScheduler.waitForExecution timeout',
    optionalNumber,
    ({ s }, timeout) => s.waitForExecution('x', { timeout }),
  ],
  ['AdvancedTaskScheduler.getWorkflow id', text, ({ s }, value) => s.getWorkflow(value)],
  ['AdvancedTaskScheduler.listExecutions query', option, ({ s }, value) => s.listExecutions(value)],
  ['AdvancedTaskScheduler.listExecutions status', option, ({ s }, status) => s.listExecutions({ status })],
  ['AdvancedTaskScheduler.listExecutions queue', optionalText, ({ s }, queue) => s.listExecutions({ queue })],
  ['AdvancedTaskScheduler.listExecutions limit', option, ({ s }, limit) => s.listExecutions({ limit })],
  ['AdvancedTaskScheduler.listExecutions cursor', option, ({ s }, cursor) => s.listExecutions({ cursor })],
  ['AdvancedTaskScheduler.listExecutions from', optionalNumber, ({ s }, from) => s.listExecutions({ from })],
  ['AdvancedTaskScheduler.listWorkflows query', option, ({ s }, value) => s.listWorkflows(value)],
  ['AdvancedTaskScheduler.listWorkflows limit', option, ({ s }, limit) => s.listWorkflows({ limit })],
  ['AdvancedTaskScheduler.scheduleCronTask task', none, ({ s }, value) => s.scheduleCronTask(value, '0 0 * * *')],
  ['AdvancedTaskScheduler.scheduleCronTask expression', none, ({ s }, value) => s.scheduleCronTask('t', value)],
  ['AdvancedTaskScheduler.scheduleCronTask options', option, ({ s }, value) => s.scheduleCronTask('t', DAILY, value)],
  ['AdvancedTaskScheduler.scheduleCronTask id', optionalText, ({ s }, id) => s.scheduleCronTask('t', DAILY, { id })],
  ['AdvancedTaskScheduler.scheduleCronTask timezone', option, ({ s }, timezone) => s.scheduleCronTask('t', DAILY, { timezone })], // prettier-ignore
  ['AdvancedTaskScheduler.unscheduleCronTask id', text, ({ s }, value) => s.unscheduleCronTask(value)],
  ['AdvancedTaskScheduler.pauseCronTask id', text, ({ s }, value) => s.pauseCronTask(value)],
  ['AdvancedTaskScheduler.resumeCronTask id', text, ({ s }, value) => s.resumeCronTask(value)],
  ['AdvancedTaskScheduler.stop wait', ['undefined', 'boolean'], ({ s }, value) => s.stop(value)],
  ['PriorityTaskQueue.size priority', option, ({ q }, value) => q.size(value)],
  ['PriorityTaskQueue.size queue', optionalText, ({ q }, value) => q.size(undefined, value)],
  ['PriorityTaskQueue.sizes queue', optionalText, ({ q }, value) => q.sizes(value)],
  ['PriorityTaskQueue.isEmpty queue', optionalText, ({ q }, value) => q.isEmpty(value)],
  ['PriorityTaskQueue.peek count', option, ({ q }, value) => q.peek(value)],
  ['PriorityTaskQueue.peek queue', optionalText, ({ q }, value) => q.peek(1, value)],
  ['PriorityTaskQueue.remove id', text, ({ q }, value) => q.remove(value)],
  ['PriorityTaskQueue.pause queue', optionalText, ({ q }, value) => q.pause(value)],
  ['PriorityTaskQueue.resume queue', optionalText, ({ q }, value) => q.resume(value)],
  ['PriorityTaskQueue.clearLimits queue', optionalText, ({ q }, value) => q.clearLimits(value)],
  ['DistributedTaskLock.acquire key', text, ({ l }, value) => l.acquire(value)],
  ['DistributedTaskLock.acquire options', option, ({ l }, value) => l.acquire('k', value)],
  ['DistributedTaskLock.acquire ttl', option, ({ l }, ttl) => l.acquire('k', { ttl })],
  ['DistributedTaskLock.acquire maxWait', optionalNumber, ({ l }, maxWait) => l.acquire('k', { maxWait })],
  ['DistributedTaskLock.acquire signal', option, ({ l }, signal) => l.acquire('k', { signal })],
  ['DistributedTaskLock.withLock key', text, ({ l }, value) => l.withLock(value, {}, () => 1)],
  ['DistributedTaskLock.withLock options', none, ({ l }, value) => l.withLock('k', value, () => 1)],
  ['DistributedTaskLock.withLock signal', option, ({ l }, signal) => l.withLock('k', { signal }, () => 1)],
  ['DistributedTaskLock.withLock maxWait', optionalNumber, ({ l }, maxWait) => l.withLock('k', { maxWait }, () => 1)],
  ['DistributedTaskLock.withLock function', ['function'], ({ l }, value) => l.withLock('k', {}, value)],
  ['DistributedTaskLock.release handle', none, ({ l }, value) => l.release(value)],
  ['DistributedTaskLock.extend handle', none, ({ l }, value) => l.extend(value)],
  ['DistributedTaskLock.extend ttl', option, ({ l, h }, value) => l.extend(h, value)],
  ['DistributedTaskLock.isLocked key', text, ({ l }, value) => l.isLocked(value)],
  ['DistributedTaskLock.getLockTtl key', text, ({ l }, value) => l.getLockTtl(value)],
  ['DistributedTaskLock.forceRelease key', text, ({ l }, value) => l.forceRelease(value)],
  ['LockHandle.extend ttl', option, ({ h }, value) => h.extend(value)],
  ['TaskDependencyGraph.has task', text, ({ g }, value) => g.has(value)],
  ['TaskDependencyGraph.addTask task', text, ({ g }, value) => g.addTask(value)],
  ['TaskDependencyGraph.addTask dependencies', option, ({ g }, value) => g.addTask('odd', value)],
  ['TaskDependencyGraph.removeTask task', text, ({ g }, value) => g.removeTask(value)],
  ['TaskDependencyGraph.getDependencies task', text, ({ g }, value) => g.getDependencies(value)],
  ['TaskDependencyGraph.getDependents task', text, ({ g }, value) => g.getDependents(value)],
  ['TaskDependencyGraph.assertAcyclic task', text, ({ g }, value) => g.assertAcyclic(value, [])],
  ['TaskDependencyGraph.assertAcyclic dependencies', none, ({ g }, value) => g.assertAcyclic('odd', value)],
  ['TaskRetryManager.shouldRetry retryConfig', ['null', 'undefined'], ({ r }, value) => r.shouldRetry(value, 1)],
  ['TaskRetryManager.shouldRetry attempt', none, ({ r }, value) => r.shouldRetry({}, value)],
  ['TaskRetryManager.calculateDelay retryConfig', none, ({ r }, value) => r.calculateDelay(value, 0)],
  ['TaskRetryManager.calculateDelay retryNumber', none, ({ r }, value) => r.calculateDelay({}, value)],
  ['TaskRetryManager.calculateDelay random', ['undefined', 'function'], ({ r }, value) => r.calculateDelay({}, 0, value)], // prettier-ignore
  ['TaskRetryManager.decide run', none, ({ r }, value) => r.decide(value)],
  ['previewCron expression', none, (_, value) => previewCron(value, { from: new Date() })],
  ['previewCron options', none, (_, value) => previewCron(DAILY, value)],
  ['defineTask funcPath', text, (_, value) => defineTask(value)],
  ['defineTask options', ['undefined', 'object'], (_, value) => defineTask('t', value)],
];
const DAILY = '0 0 * * *';

const WITHOUT_ARGUMENTS = new Set([
  ...['listTasks', 'listCronTasks', 'listWorkers', 'listQueues', 'getHealthStatus', 'start'].map(
    (name) => `AdvancedTaskScheduler.${name}`,
  ),
  'DistributedTaskLock.list',
  ...['clear', 'hasCycle', 'findCycle', 'topologicalSort'].map((name) => `TaskDependencyGraph.${name}`),
  'SchedulerHealthMonitor.getStatus',
  'SchedulerHealthMonitor.readiness',
]);

const CLASSES: [of: { name: string; prototype: object }, file: string][] = [
  [AdvancedTaskScheduler, 'scheduler/advanced-task-scheduler.ts'],
  [PriorityTaskQueue, 'queue/priority-task-queue.ts'],
  [DistributedTaskLock, 'lock/distributed-task-lock.ts'],
  [TaskDependencyGraph, 'dependency/task-dependency-graph.ts'],
  [TaskRetryManager, 'retry/task-retry-manager.ts'],
  [SchedulerHealthMonitor, 'health/scheduler-health-monitor.ts'],
];

/** `Class.method` of all public methods. */
function publicMethods(): string[] {
  return CLASSES.flatMap(([{ name, prototype }, file]) => {
    const source = readFileSync(`libs/scheduler/src/${file}`, 'utf8');
    return Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .filter(([key, { value }]) => typeof value === 'function' && key !== 'constructor')
      .filter(([key]) => !new RegExp(`^  private (async )?${key}[<(]`, 'm').test(source))
      .map(([key]) => `${name}.${key}`);
  });
}

/** Code and field of the error, or what there is instead. */
async function answerOf(call: () => unknown): Promise<string> {
  try {
    return `no error, but ${String(await call())}`;
  } catch (error) {
    if (!(error instanceof SchedulerError)) return `not an error of the library: ${String(error)}`;
    const { code, message } = error;
    const { field, allowed } = error as Partial<InvalidInputError>;
    if (field === undefined) return `${code} ${message.split(' ')[0]}`;
    return message.startsWith(field) && allowed !== undefined ? `${code} ${field}` : `${code} does not say: ${message}`;
  }
}

async function answersOf(store: StoreName): Promise<Record<string, string>> {
  const { scheduler: s } = await startApp({ t: () => 1 }, { ...(await storeOf(store)), autoStart: false });
  const h = (await s.lockManager.acquire('held'))!;
  const parts: Parts = { s, q: s.taskQueue, l: s.lockManager, g: s.dependencyGraph, r: s.retryManager, h };
  const answers: Record<string, string> = {};
  for (const [of, takes, call] of ROWS)
    for (const kind of Object.keys(VALUES) as Kind[])
      if (!takes.includes(kind)) answers[`${of}: ${kind}`] = await answerOf(() => call(parts, VALUES[kind]));
  return answers;
}

it('the arguments of every public method are covered', () => {
  const tried = new Set(ROWS.map(([of]) => of.split(' ')[0]));
  const methods = publicMethods();
  expect(methods.filter((method) => !tried.has(method) && !WITHOUT_ARGUMENTS.has(method))).toEqual([]);
  expect([...WITHOUT_ARGUMENTS].filter((method) => !methods.includes(method))).toEqual([]);
});

it('arguments of a wrong type are refused with code, field and allowed values, equally on every store', async () => {
  const answers = await answersOf('memory');
  expect(Object.entries(answers).filter(([, answer]) => !/^[A-Z_]+ '?[\w.[\]]+'?:?$/.test(answer))).toEqual([]);
  for (const store of STORE_NAMES) expect(await answersOf(store)).toEqual(answers);
});
