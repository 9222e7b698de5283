import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  OutcomeUnknownError,
  StoreFullError,
  StoreLoadingError,
  StoreReadonlyError,
  StoreScriptError,
  StoreUnavailableError,
} from 'nestjs-advanced-scheduler';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { gate } from '../support/app.js';
import { closeConsoles, startConsole, type Platform, type Role } from '../support/console.js';

afterAll(closeConsoles);

/** Those of the inputs B1 to B23 whose response depends on the state of the scheduler. */
describe.each<Platform>(['express', 'fastify'])('input that is invalid in the current state, on %s', (platform) => {
  let started: Awaited<ReturnType<typeof startConsole>>;
  const held = gate();
  const door = gate();
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;

  beforeAll(async () => {
    started = await startConsole(
      {
        echo: (payload) => payload,
        holding: [{ requireLock: true, lockKey: 'k' }, () => (held.open(), door.opened)],
        large: () => 'x'.repeat(50 * 1024 * 1024),
        cyclic: () => cyclic,
        undefined: () => {
          throw undefined;
        },
        getter: () => ({
          get x() {
            throw new Error('no x');
          },
        }),
      },
      { platform, console: { cronTicksPerMinute: 130 } },
    );
  });
  afterAll(() => door.open());

  const post = (path: string, body?: object, role: Role = 'operator') => {
    const asked = started.call(role, 'post', `/api${path}`);
    return body === undefined ? asked : asked.send(body);
  };
  const put = (id: string, cronExpression: string) =>
    started.call('admin', 'put', `/api/schedules/${id}`).send({ taskId: 'echo', cronExpression });

  it('B11: schedules that together tick too often are CRON_TOO_FREQUENT', async () => {
    await put('first', '* * * * * *').expect(200);
    await put('second', '* * * * * *').expect(200);
    await put('minutely', '* * * * *').expect(200);
    const { body } = await put('third', '* * * * * *').expect(400);
    expect(body).toMatchObject({
      code: 'CRON_TOO_FREQUENT',
      path: 'cronExpression',
      detail: 'cronExpression: 60 ticks a minute, in addition to 121 of other schedules; allowed: 130 in total',
    });
    // Dense in one hour of the day only.
    expect((await put('third', '* * 9 * * *').expect(400)).body.code).toBe('CRON_TOO_FREQUENT');
    await put('second', '*/30 * * * * *').expect(200);
    await put('third', '* * * * * *').expect(200);
    const { items } = (await started.call('viewer', 'get', '/api/schedules').expect(200)).body;
    expect(items).toHaveLength(4);
    for (const { id } of items) await started.call('admin', 'delete', `/api/schedules/${id}`).expect(204);
  });

  it('B12: an instant in the past is now', async () => {
    const { body } = await post('/tasks/echo/executions', { scheduledTime: '2001-01-01T00:00:00Z' }).expect(201);
    expect(await started.scheduler.waitForExecution(body.executionId)).toMatchObject({ status: 'COMPLETED' });
  });

  it('B14: an idempotency key with another body is a conflict', async () => {
    const send = (payload: number) => post('/tasks/echo/executions', { payload }).set('Idempotency-Key', 'once');
    const first = await send(1).expect(201);
    expect((await send(1).expect(201)).body).toEqual(first.body);
    expect((await send(2).expect(409)).body).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', status: 409 });
  });

  it('B16: a lock is released only from the given holder', async () => {
    await post('/tasks/holding/executions', {}).expect(201);
    await held.opened;
    const { items } = (await started.call('viewer', 'get', '/api/locks').expect(200)).body;
    const [{ owner, fencingToken }] = items;
    const { body } = await post('/locks/k/force-release', { fencingToken: fencingToken - 1 }, 'admin').expect(409);
    expect(body).toMatchObject({ code: 'STALE_TOKEN', path: 'fencingToken' });
    expect((await started.scheduler.lockManager.list())[0]).toMatchObject({ owner, fencingToken });
    await post('/locks/k/force-release', { fencingToken }, 'admin').expect(200);
    expect((await post('/locks/k/force-release', { fencingToken }, 'admin').expect(404)).body.code).toBe(
      'LOCK_NOT_HELD',
    );
    door.open();
  });

  it.each([
    ['large', 'RESULT_TOO_LARGE', /262144/],
    ['cyclic', 'NOT_SERIALIZABLE', /result/],
    ['getter', 'NOT_SERIALIZABLE', /no x/],
    ['undefined', null, /the handler threw undefined/],
  ])('B20: what a handler returns or throws: %s', async (task, code, says) => {
    const { executionId } = (await post(`/tasks/${task}/executions`, {}).expect(201)).body;
    await started.scheduler.waitForExecution(executionId);
    const { body } = await started.call('operator', 'get', `/api/executions/${executionId}`).expect(200);
    expect(body).toMatchObject({ status: 'FAILED', error: { code, message: expect.stringMatching(says) } });
    // The worker continues.
    const next = (await post('/tasks/echo/executions', {}).expect(201)).body.executionId;
    expect(await started.scheduler.waitForExecution(next)).toMatchObject({ status: 'COMPLETED' });
  });

  it.each<[string, Error, number]>([
    ['STORE_UNAVAILABLE', new StoreUnavailableError('10.0.0.7:6379 said SECRET'), 503],
    ['STORE_FULL', new StoreFullError('SECRET'), 503],
    ['STORE_READONLY', new StoreReadonlyError('SECRET'), 503],
    ['STORE_LOADING', new StoreLoadingError('SECRET'), 503],
    ['OUTCOME_UNKNOWN', new OutcomeUnknownError('enqueue', 'SECRET'), 503],
    ['STORE_SCRIPT_FAILED', new StoreScriptError('enqueue', 'SECRET'), 500],
    ['INTERNAL', new Error('SECRET'), 500],
  ])('B22: a store that fails: %s', async (code, error, status) => {
    const store = started.app.get<TaskStore>(TASK_STORE, { strict: false });
    const { enqueue } = store;
    store.enqueue = () => Promise.reject(error);
    const reply = await post('/tasks/echo/executions', {}, 'admin');
    store.enqueue = enqueue;
    expect([reply.status, reply.body.code, reply.headers['retry-after']]).toEqual([
      status,
      code,
      status === 503 ? expect.stringMatching(/^\d+$/) : undefined,
    ]);
    expect(reply.text).not.toMatch(/SECRET|10\.0\.0\.7/);
  });

  it('B23: the same request again has the same response', async () => {
    const id = (await post('/tasks/echo/executions', { delay: '1h' }).expect(201)).body.executionId;
    expect((await post(`/executions/${id}/retry`).expect(409)).body.code).toBe('NOT_RETRYABLE');
    await post(`/executions/${id}/cancel`).expect(200);
    const twice = [await post(`/executions/${id}/cancel`), await post(`/executions/${id}/cancel`)];
    for (const { status, body } of twice)
      expect([status, body.code, body.detail]).toEqual([409, 'ALREADY_TERMINAL', twice[0]!.body.detail]);
    await post(`/executions/${id}/retry`).expect(200);
    await started.scheduler.waitForExecution(id);
    expect((await post(`/executions/${id}/retry`).expect(409)).body.code).toBe('NOT_RETRYABLE');
  });
});
