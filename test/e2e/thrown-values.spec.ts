import { afterEach, describe, expect, it } from '@jest/globals';
import type { TaskOptions } from 'nestjs-advanced-scheduler';
import { closeApps, gate, startApp, startKit } from '../support/app.js';
import { describeEveryStore } from '../support/every-store.js';

afterEach(closeApps);

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const trap = (): never => {
  throw revoked();
};
const raise = (thrown: unknown): never => {
  throw thrown;
};

const HOSTILE: [string, () => unknown][] = [
  ['a revoked proxy', revoked],
  ['a proxy with traps', () => new Proxy(new Error('x'), { get: trap, getPrototypeOf: trap, has: trap })],
  ['a revoked proxy of a function', () => revokedFunction()],
  ['null', () => null],
  ['a symbol', () => Symbol('s')],
  ['a frozen error', () => Object.freeze(new Error('x'))],
  [
    'an error whose getters throw',
    () => Object.create(Error.prototype, { message: { get: trap }, code: { get: trap } }),
  ],
  ['an object whose toString throws', () => ({ toString: trap, toJSON: trap, [Symbol.toPrimitive]: trap })],
  ['a cause that is a revoked proxy', () => new Error('x', { cause: revoked() })],
  ['an AggregateError of itself', () => selfAggregate()],
  ['a huge object', () => Array.from({ length: 200_000 }, (_, i) => ({ i }))],
];

function revokedFunction(): unknown {
  const { proxy, revoke } = Proxy.revocable(() => 1, {});
  revoke();
  return proxy;
}

function selfAggregate(): AggregateError {
  const error = new AggregateError([]);
  error.errors.push(error);
  error.cause = error;
  return error;
}

describeEveryStore('any value that a handler throws', (fresh) => {
  it('ends its run as FAILED, and frees its slot', async () => {
    const rejected: unknown[] = [];
    const note = (reason: unknown): void => void rejected.push(reason);
    process.on('unhandledRejection', note);
    const tasks: Record<string, [TaskOptions, () => unknown]> = {};
    const options: TaskOptions[] = [{}, { timeout: '1m' }, { retryConfig: { maxAttempts: 2, initialDelay: '1ms' } }];
    for (const [i, [, make]] of HOSTILE.entries())
      for (const [j, option] of options.entries()) {
        tasks[`sync.${i}.${j}`] = [option, () => raise(make())];
        tasks[`async.${i}.${j}`] = [option, async () => raise(make())];
        tasks[`rejects.${i}.${j}`] = [option, () => Promise.reject(make())];
      }
    const { scheduler } = await startApp({ ...tasks, good: () => 'good' }, { maxConcurrentTasks: 1, ...fresh() });
    const ids = await scheduler.scheduleTasks(Object.keys(tasks).map((taskId) => ({ taskId })));
    for (const id of ids) {
      const execution = await scheduler.waitForExecution(id, { timeout: '20s' });
      expect(execution).toMatchObject({ status: 'FAILED', error: { name: expect.any(String) } });
    }
    const good = await scheduler.scheduleTask('good');
    expect((await scheduler.waitForExecution(good)).result).toBe('good');
    expect((await scheduler.getHealthStatus()).runningTasks).toBe(0);
    process.off('unhandledRejection', note);
    expect(rejected).toEqual([]);
  });

  it.each<[string, () => unknown, string]>([
    ['a revoked proxy', revoked, 'revoked'],
    ['a promise of one', async () => ({ inner: revoked() }), 'cannot be read'],
    [
      'a getter that throws one',
      () => Object.defineProperty({}, 'x', { enumerable: true, get: trap }),
      'cannot be read',
    ],
    ['a then that throws one', () => Object.defineProperty({}, 'then', { get: trap }), ''],
  ])('as any value that it returns: %s', async (_, handler, message) => {
    const { scheduler } = await startApp({ bad: handler, good: () => 'good' }, { maxConcurrentTasks: 1, ...fresh() });
    const bad = await scheduler.waitForExecution(await scheduler.scheduleTask('bad'));
    expect(bad.status).toBe('FAILED');
    expect(bad.error!.message).toContain(message);
    const good = await scheduler.scheduleTask('good');
    expect((await scheduler.waitForExecution(good)).result).toBe('good');
  });

  it('is stored with its causes and codes, without the secrets of the payload', async () => {
    const handler = ({ password }: { password: string }) => {
      const refused = Object.assign(new Error(`connect ECONNREFUSED as ${password}`), { code: 'ECONNREFUSED' });
      const gathered = new AggregateError([refused, Object.assign(new Error('six'), { code: 111 })], 'both');
      throw Object.assign(new TypeError('fetch failed', { cause: gathered }), { code: 11_000 });
    };
    const { scheduler } = await startApp({ t: handler }, fresh());
    const id = await scheduler.scheduleTask('t', { payload: { password: 'hunter2hunter2' } });
    const kept = {
      name: 'TypeError',
      message: 'fetch failed',
      code: 11_000,
      cause: {
        name: 'AggregateError',
        message: 'both',
        code: null,
        errors: [
          { name: 'Error', message: 'connect ECONNREFUSED as [redacted]', code: 'ECONNREFUSED' },
          { name: 'Error', message: 'six', code: 111 },
        ],
      },
    };
    const execution = await scheduler.waitForExecution(id);
    expect(execution.error).toEqual({ ...kept, stack: expect.any(String) });
    expect(execution.attempts[0]!.error).toEqual(execution.error);
    expect((await scheduler.getHealthStatus()).recentErrors[0]!.error).toEqual(execution.error);
    expect((await scheduler.listExecutions()).items[0]!.error).toEqual(execution.error);
  });
});

describe('a retryIf that returns a promise', () => {
  const config = { initialDelay: '1m', maxAttempts: 3, jitter: false, strategy: 'FIXED' } as const;

  it.each<[string, () => Promise<boolean>, number]>([
    ['true', () => Promise.resolve(true), 3],
    ['false', () => Promise.resolve(false), 1],
    ['a rejection', () => Promise.reject(new Error('cannot tell')), 1],
    ['a rejection with a revoked proxy', () => Promise.reject(revoked()), 1],
    ['a then that throws', () => ({ then: trap }) as unknown as Promise<boolean>, 1],
  ])('is awaited: %s', async (_, retryIf, runs) => {
    const { scheduler, kit } = await startKit({
      t: [{ retryConfig: { ...config, retryIf } }, () => raise(new Error('always'))],
    });
    const id = await scheduler.scheduleTask('t');
    await kit.advance('10m');
    const execution = (await scheduler.getTaskStatus(id))!;
    expect(execution).toMatchObject({ status: 'FAILED', error: { message: 'always' } });
    expect(execution.attempts).toHaveLength(runs);
  });

  it('has ten seconds', async () => {
    const { scheduler, kit } = await startKit(
      {
        t: [
          { timeout: '5s', retryConfig: { ...config, retryIf: () => new Promise<boolean>(() => undefined) } },
          () => raise(new Error('always')),
        ],
      },
      { maxConcurrentTasks: 1 },
    );
    kit.patience = 10;
    const id = await scheduler.scheduleTask('t');
    await kit.advance('9s');
    expect((await scheduler.getTaskStatus(id))!.status).toBe('RUNNING');
    await kit.advance('1s');
    expect(await scheduler.getTaskStatus(id)).toMatchObject({
      status: 'FAILED',
      reason: 'NON_RETRYABLE',
      error: { message: 'always' },
    });
    expect((await scheduler.getHealthStatus()).runningTasks).toBe(0);
  });

  it('is abandoned on a cancel', async () => {
    const asked = gate();
    const answer = gate<boolean>();
    const retryIf = () => (asked.open(), answer.opened);
    const { scheduler } = await startApp({
      t: [{ retryConfig: { ...config, retryIf } }, () => raise(new Error('always'))],
    });
    const id = await scheduler.scheduleTask('t');
    await asked.opened;
    await scheduler.cancelTask(id);
    answer.open(true);
    expect(await scheduler.waitForExecution(id)).toMatchObject({ status: 'CANCELLED' });
    expect((await scheduler.getHealthStatus()).runningTasks).toBe(0);
  });
});
