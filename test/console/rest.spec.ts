import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gate } from '../support/app.js';
import { closeConsoles, startConsole, type Platform, type Role } from '../support/console.js';

afterAll(closeConsoles);

describe.each<Platform>(['express', 'fastify'])('the REST API on %s', (platform) => {
  let started: Awaited<ReturnType<typeof startConsole>>;
  const running = gate();
  const door = gate();
  const as = (role: Role, method: 'get' | 'post' | 'put' | 'delete', path: string) =>
    started.call(role, method, `/ops/api${path}`);
  const schedule = async (taskId: string, body: object = {}): Promise<string> =>
    (await as('operator', 'post', `/tasks/${taskId}/executions`).send(body).expect(201)).body.executionId;
  const ended = (id: string) => started.scheduler.waitForExecution(id);

  beforeAll(async () => {
    started = await startConsole(
      {
        echo: [{ priority: 'HIGH', tags: ['quick'] }, (payload) => payload],
        broken: () => {
          throw new Error('as told');
        },
        logging: (_payload, ctx) => {
          ctx.log('one line');
          ctx.progress(0.5, 'half');
        },
        slow: [
          { requireLock: true, lockKey: 'a/b c' },
          async (_payload, ctx) => {
            running.open();
            await Promise.race([door.opened, new Promise((done) => ctx.signal.addEventListener('abort', done))]);
          },
        ],
        parked: [{ queue: 'side' }, () => 0],
      },
      { platform, console: { path: 'ops' } },
    );
  });

  it('lists the tasks', async () => {
    const { body } = await as('viewer', 'get', '/tasks').expect(200);
    expect(body.items.map((task: { taskId: string }) => task.taskId)).toEqual([
      'broken',
      'echo',
      'logging',
      'parked',
      'slow',
    ]);
    expect(body.items[1]).toMatchObject({ priority: 'HIGH', queue: 'default', tags: ['quick'], requireLock: false });
  });

  it('schedules, shows and lists an execution', async () => {
    const executionId = await schedule('echo', { payload: { n: 1 }, priority: 'LOW', tags: ['mine'] });
    await ended(executionId);
    const { body } = await as('operator', 'get', `/executions/${executionId}`).expect(200);
    expect(body).toMatchObject({
      executionId,
      status: 'COMPLETED',
      priority: 'LOW',
      payload: { n: 1 },
      result: { n: 1 },
      tags: ['quick', 'mine'],
      why: 'COMPLETED',
      attempts: [{ outcome: 'COMPLETED' }],
    });
    const list = await as('viewer', 'get', '/executions?tag=mine&status=COMPLETED,FAILED&limit=1').expect(200);
    expect(list.body.items).toMatchObject([{ executionId, priority: 'LOW' }]);
    const served = await as('viewer', 'get', '/executions?tag=mine&queue=default').expect(200);
    expect(served.body.items).toMatchObject([{ executionId, queue: 'default' }]);
    const other = await as('viewer', 'get', '/executions?tag=mine&queue=other').expect(200);
    expect(other.body.items).toEqual([]);
    const none = await as('viewer', 'get', '/executions?tag=mine&status=FAILED').expect(200);
    expect(none.body.items).toEqual([]);
  });

  it('pages by a cursor', async () => {
    for (let i = 0; i < 3; i++) await ended(await schedule('echo', { tags: ['paged'] }));
    const first = (await as('viewer', 'get', '/executions?tag=paged&limit=2').expect(200)).body;
    const rest = (await as('viewer', 'get', `/executions?tag=paged&limit=2&cursor=${first.nextCursor}`).expect(200))
      .body;
    expect([...first.items, ...rest.items]).toHaveLength(3);
  });

  it('shows logs and progress', async () => {
    const id = await schedule('logging');
    await ended(id);
    const { body } = await as('viewer', 'get', `/executions/${id}`).expect(200);
    expect(body).toMatchObject({ logs: ['one line'], progress: { fraction: 0.5, note: 'half' } });
  });

  it('returns the same execution for the same Idempotency-Key, and 409 for another body', async () => {
    const post = (payload: number) =>
      as('operator', 'post', '/tasks/echo/executions').set('Idempotency-Key', 'once').send({ payload });
    const [a, b] = [await post(1).expect(201), await post(1).expect(201)];
    expect(a.body).toEqual(b.body);
    expect((await post(2).expect(409)).body).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', status: 409 });
  });

  it('returns why an execution waits, cancels it, and returns 409 the second time', async () => {
    const id = await schedule('echo', { delay: '1h' });
    const { body } = await as('viewer', 'get', `/executions/${id}`);
    expect(body.why).toMatch(/PENDING: it is due at/);
    expect((await as('operator', 'post', `/executions/${id}/cancel`).expect(200)).body).toEqual({
      executionId: id,
      changed: true,
    });
    const again = await as('operator', 'post', `/executions/${id}/cancel`).expect(409);
    expect(again.body).toMatchObject({ code: 'ALREADY_TERMINAL', title: 'Conflict', type: 'about:blank' });
    expect(again.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it('retries only failed executions', async () => {
    const id = await schedule('broken');
    await ended(id);
    await as('operator', 'post', `/executions/${id}/retry`).expect(200, { executionId: id, changed: true });
    await ended(id);
    const good = await schedule('echo');
    await ended(good);
    expect((await as('operator', 'post', `/executions/${good}/retry`).expect(409)).body.code).toBe('NOT_RETRYABLE');
    expect((await as('operator', 'post', '/executions/none/retry').expect(404)).body.code).toBe('EXECUTION_NOT_FOUND');
    expect((await as('viewer', 'get', '/executions/none').expect(404)).body.code).toBe('EXECUTION_NOT_FOUND');
  });

  it('cancels and retries many by a filter, up to a limit', async () => {
    for (let i = 0; i < 5; i++) await schedule('echo', { delay: '1h', tags: ['many'] });
    const bulk = (verb: string, body: object) => as('operator', 'post', `/executions/${verb}`).send(body).expect(200);
    const filter = { tag: 'many' };
    expect((await bulk('cancel', { filter, limit: 3 })).body).toEqual({ changed: 3, matched: 3, more: true });
    expect((await bulk('cancel', { filter })).body).toEqual({ changed: 2, matched: 2, more: false });
    expect((await bulk('retry', { filter })).body).toEqual({ changed: 5, matched: 5, more: false });
  });

  it('runs a workflow, and returns its graph', async () => {
    const tasks = [
      { taskId: 'echo', ref: 'a' },
      { taskId: 'echo', ref: 'b', dependencies: [{ ref: 'a', type: 'success' }] },
    ];
    const { body } = await as('operator', 'post', '/workflows').send({ name: 'two', tasks }).expect(201);
    await ended(body.executions.b);
    const shown = (await as('viewer', 'get', `/workflows/${body.workflowId}`).expect(200)).body;
    expect(shown).toMatchObject({
      name: 'two',
      nodes: [
        { ref: 'a', status: 'COMPLETED' },
        { ref: 'b', dependsOn: [{ ref: 'a' }] },
      ],
    });
    const list = (await as('viewer', 'get', '/workflows?limit=1').expect(200)).body;
    expect(list.items[0].workflowId).toBe(body.workflowId);
    expect((await as('viewer', 'get', '/workflows/none').expect(404)).body.code).toBe('WORKFLOW_NOT_FOUND');
  });

  it('runs the graph of a WfFormat document', async () => {
    const document = {
      name: 'trace',
      schemaVersion: '1.5',
      workflow: {
        specification: {
          tasks: [
            { id: 'x1', name: 'echo', parents: [], children: ['x2'] },
            { id: 'x2', name: 'echo', parents: ['x1'], children: [] },
          ],
        },
      },
    };
    const { body } = await as('operator', 'post', '/workflows').send(document).expect(201);
    expect((await ended(body.executions.x2)).payload).toEqual({ id: 'x2', name: 'echo' });
    const other = await as('operator', 'post', '/workflows?taskId=logging').send(document).expect(201);
    expect((await ended(other.body.executions.x2)).taskId).toBe('logging');
    const bad = await as('operator', 'post', '/workflows').send({ workflow: {} }).expect(400);
    expect(bad.body).toMatchObject({ code: 'INVALID_WORKFLOW', path: 'workflow.specification.tasks' });
  });

  it('puts, previews, pauses, resumes, triggers and deletes a schedule', async () => {
    const put = { taskId: 'echo', cronExpression: '0 3 * * *', timezone: 'Europe/Berlin', payload: { by: 'cron' } };
    const made = (await as('admin', 'put', '/schedules/nightly').send(put).expect(200)).body;
    expect(made).toMatchObject({ id: 'nightly', taskId: 'echo', paused: false, payload: { by: 'cron' } });
    const ticks = (await as('viewer', 'get', '/schedules/nightly/preview?count=3').expect(200)).body.items;
    expect(ticks).toHaveLength(3);
    expect(ticks[0]).toBe(made.nextRunTime);
    expect((await as('operator', 'post', '/schedules/nightly/pause').expect(200)).body.paused).toBe(true);
    expect((await as('operator', 'post', '/schedules/nightly/resume').expect(200)).body.paused).toBe(false);
    expect((await as('viewer', 'get', '/tasks')).body.items[1].cron).toMatchObject([{ id: 'nightly' }]);
    const { executionId } = (await as('operator', 'post', '/schedules/nightly/trigger').expect(201)).body;
    expect((await ended(executionId)).payload).toEqual({ by: 'cron' });
    await as('admin', 'delete', '/schedules/nightly').expect(204);
    expect((await as('viewer', 'get', '/schedules').expect(200)).body.items).toEqual([]);
    expect((await as('operator', 'post', '/schedules/nightly/pause').expect(404)).body.code).toBe('SCHEDULE_NOT_FOUND');
  });

  it('previews an expression before it is put', async () => {
    const preview = (query: Record<string, string>) =>
      as('viewer', 'get', `/schedules/preview?${new URLSearchParams(query).toString()}`);
    const at = {
      cronExpression: '30 9 1 1 *',
      timezone: 'Asia/Tokyo',
      startTime: '2031-06-01T00:00:00+02:00',
      count: '2',
    };
    expect((await preview(at).expect(200)).body.items).toEqual([
      '2032-01-01T00:30:00.000Z',
      '2033-01-01T00:30:00.000Z',
    ]);
    const bounded = await preview({ ...at, endTime: '2032-06-01' }).expect(200);
    expect(bounded.body.items).toEqual(['2032-01-01T00:30:00.000Z']);
    for (const [query, code, path] of [
      [{ cronExpression: '60 * * * *' }, 'INVALID_CRON', 'cronExpression'],
      [{ cronExpression: '0 3 * * *', timezone: 'Mars/Phobos' }, 'INVALID_TIMEZONE', 'timezone'],
      [{ cronExpression: '0 3 * * *', startTime: 'soon' }, 'INVALID_DATE', 'startTime'],
      [{}, 'MISSING_FIELD', 'cronExpression'],
    ] as const)
      expect((await preview(query).expect(400)).body).toMatchObject({ code, path });
  });

  it('keeps the payload of a schedule that is put without one', async () => {
    const put = { taskId: 'echo', cronExpression: '0 3 * * *' };
    const send = async (body: object) => (await as('admin', 'put', '/schedules/kept').send(body).expect(200)).body;
    await send({ ...put, payload: { token: 's3cret', by: 'cron' } });
    expect(await send({ ...put, cronExpression: '0 4 * * *' })).toMatchObject({ cronExpression: '0 4 * * *' });
    const { executionId } = (await as('operator', 'post', '/schedules/kept/trigger').expect(201)).body;
    expect((await ended(executionId)).payload).toEqual({ token: 's3cret', by: 'cron' });
    expect((await send({ ...put, payload: null })).payload ?? null).toBeNull();
    await as('admin', 'delete', '/schedules/kept').expect(204);
  });

  it('pauses and resumes a queue', async () => {
    expect((await as('operator', 'post', '/queues/side/pause').expect(200)).body.paused).toBe(true);
    const id = await schedule('parked', { priority: 'CRITICAL' });
    const { body } = await as('viewer', 'get', '/queues').expect(200);
    expect(body.items).toEqual([
      expect.objectContaining({ name: 'default', paused: false }),
      {
        ...{ name: 'side', paused: true, limits: null, served: true, total: 1 },
        byPriority: { CRITICAL: 1, HIGH: 0, NORMAL: 0, LOW: 0, BACKGROUND: 0 },
      },
    ]);
    expect((await as('viewer', 'get', `/executions/${id}`)).body.why).toBe("PENDING: queue 'side' is paused");
    await as('operator', 'post', '/queues/side/resume').expect(200);
    expect((await ended(id)).status).toBe('COMPLETED');
    expect((await as('operator', 'post', '/queues/none/pause').expect(404)).body.code).toBe('QUEUE_NOT_FOUND');
  });

  it('returns a lock with its holder, and releases it by force', async () => {
    const id = await schedule('slow');
    await running.opened;
    expect((await as('viewer', 'get', '/locks').expect(200)).body.items).toMatchObject([
      { key: 'a/b c', owner: id, kind: 'execution', fencingToken: expect.any(Number) },
    ]);
    const path = `/locks/${encodeURIComponent('a/b c')}/force-release`;
    expect((await as('admin', 'post', path).expect(200)).body).toEqual({
      key: 'a/b c',
      released: true,
      from: { owner: id, fencingToken: expect.any(Number) },
    });
    expect((await as('admin', 'post', path).expect(404)).body.code).toBe('LOCK_NOT_HELD');
    door.open();
  });

  it('returns health, workers, and its own description', async () => {
    expect((await as('viewer', 'get', '/health/status').expect(200)).body).toMatchObject({
      status: expect.any(String),
      queueStats: {},
    });
    expect((await as('viewer', 'get', '/workers').expect(200)).body.items).toMatchObject([{ state: 'active' }]);
    await as('viewer', 'get', '/me').expect(200, { name: 'vera', role: 'viewer', payloads: false });
    const { health, workers, throughput } = (await as('viewer', 'get', '/overview').expect(200)).body;
    expect([health.status, workers, throughput.length]).toEqual([expect.any(String), 1, 60]);
    const sum = (key: string) =>
      throughput.reduce((total: number, minute: Record<string, number>) => total + minute[key]!, 0);
    expect(sum('failed')).toBe(2);
    expect(sum('completed')).toBe(health.metrics.tasksSucceeded);
  });

  it('describes every route in an OpenAPI document', async () => {
    const { body } = await as('viewer', 'get', '/docs/openapi.json').expect(200);
    expect(body.openapi).toBe('3.1.0');
    expect(body.paths['/ops/api/tasks/{taskId}/executions'].post).toMatchObject({
      operationId: 'scheduleExecution',
      description: 'Role: operator.',
      parameters: [
        { name: 'taskId', in: 'path' },
        { name: 'Idempotency-Key', in: 'header' },
      ],
      requestBody: { content: { 'application/json': { schema: { properties: { tags: { type: 'array' } } } } } },
    });
    await as('viewer', 'get', '/docs').expect(200, body);
  });
});
