import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import type { SchedulerModuleOptions } from 'nestjs-advanced-scheduler';
import { until } from '../support/until.js';
import { closeConsoles, routesOf, startConsole, type Role } from '../support/console.js';
import { rawRequest } from '../support/raw-request.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** Every secret of this test contains it, so one search finds them all. */
const CANARY = 'canary5d41402abc';
const secret = (name: string): string => `${name}-${CANARY}`;
const TOKENS = (['viewer', 'operator', 'admin'] as const).map((role) => ({ token: secret(`token-of-${role}`), name: role, role })); // prettier-ignore
const tokenOf = (role: Role): string => secret(`token-of-${role}`);
const PAYLOAD = { note: 'plain', apiKey: secret('key'), nested: [{ 'client-secret': secret('nested') }], iban: secret('iban') }; // prettier-ignore

let redis: RedisServer | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await closeConsoles();
  await redis?.stop();
  redis = undefined;
});

async function storeOf(type: string): Promise<SchedulerModuleOptions['store']> {
  if (type !== 'redis') return 'memory';
  redis = await startRedis({ args: ['--requirepass', secret('redis')] });
  return { type, url: `redis://:${secret('redis')}@127.0.0.1:${redis.port}` };
}

/** The paths of a JSON value that contain the canary; JSON text in it is searched, too. */
function placesIn(value: unknown, path = ''): string[] {
  if (typeof value === 'string') return value.includes(CANARY) ? [path] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    ...(key.includes(CANARY) ? [path] : []),
    ...placesIn(item, `${path}.${key}`),
  ]);
}

function fail(payload: typeof PAYLOAD): never {
  const [{ 'client-secret': nested }] = payload.nested as [{ 'client-secret': string }];
  const error = new Error(
    [
      `cannot use ${payload.apiKey}, ${JSON.stringify(payload)} nor ${encodeURIComponent(nested)} of ${payload.iban}`,
      `connect redis://user:${secret('url')}@db:6379`,
      `DB_PASSWORD=${secret('env')} Authorization: Bearer ${secret('bearer')}`,
      `body {"access_token":"${secret('json')}"}`,
    ].join('; '),
  );
  error.stack = `Error: ${error.message}\n    at somewhere (${payload.apiKey})`;
  throw error;
}

describe.each(['memory', 'redis'])('a secret, with the store %s,', (type) => {
  it('appears only in the payload', async () => {
    const logs: string[] = [];
    const keep = (...said: unknown[]): void => void logs.push(said.map((each) => (typeof each === 'string' ? each : inspect(each, { depth: 9 }))).join(' ')); // prettier-ignore
    const { app, url, port, scheduler } = await startConsole(
      {
        leak: [
          { retryConfig: { maxAttempts: 2, initialDelay: 1, jitter: false } },
          (payload, ctx) => {
            ctx.log(`trying with ${payload.apiKey}`);
            ctx.progress(0.5, `half of ${payload.nested[0]['client-secret']}`);
            return fail(payload);
          },
        ],
        object: (payload) => {
          throw { token: payload.apiKey, why: 'no error' };
        },
        unserializable: (payload) => ({
          get x() {
            return fail(payload);
          },
        }),
        echo: (payload) => payload,
        after: [{ dependencies: [{ taskId: 'echo', type: 'success' }] }, (_payload, ctx) => fail(ctx.results.echo)],
      },
      {
        console: { auth: { tokens: TOKENS }, redact: ['iban'] },
        scheduler: { store: await storeOf(type), redact: ['iban'] },
        logger: { log: keep, warn: keep, error: keep, debug: keep, verbose: keep, fatal: keep },
      },
    );
    const as = (role: Role, method: string, path: string, body?: unknown, headers = {}) =>
      rawRequest(port, method, path, body, { authorization: `Bearer ${tokenOf(role)}`, ...headers });

    // All listeners.
    const heard = { viewer: [] as unknown[], admin: [] as unknown[] };
    for (const role of ['viewer', 'admin'] as const) {
      const socket = io(url, { path: '/live', transports: ['websocket'], extraHeaders: { authorization: `Bearer ${tokenOf(role)}` } }); // prettier-ignore
      sockets.push(socket);
      socket.onAny((...message: unknown[]) => heard[role].push(message));
      await new Promise<void>((resolve) => socket.once('hello', () => resolve()));
      // The response contains all events before it; they are not sent again.
      await new Promise<void>((resolve) => {
        socket.once('resync', () => resolve());
        socket.emit('resume', { epoch: 'another', seq: 0 });
      });
    }

    // All actions.
    const ids: string[] = [];
    for (const task of ['leak', 'object', 'unserializable', 'echo'])
      ids.push((await as('operator', 'POST', `/api/tasks/${task}/executions`, { payload: PAYLOAD })).body.executionId);
    const tasks = [
      { taskId: 'echo', payload: PAYLOAD },
      { taskId: 'after', dependencies: [{ ref: 'echo' }] },
    ];
    const workflow = (await as('operator', 'POST', '/api/workflows', { tasks })).body;
    ids.push(...Object.values<string>(workflow.executions));
    const ended = await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
    expect(ended.map(({ status }) => status)).toEqual(['FAILED', 'FAILED', 'FAILED', 'COMPLETED', 'COMPLETED', 'FAILED']); // prettier-ignore
    expect((await as('admin', 'PUT', '/api/schedules/s', { taskId: 'echo', cronExpression: '0 0 1 1 *', payload: PAYLOAD })).status).toBe(200); // prettier-ignore
    await as('operator', 'POST', '/api/executions/cancel', { filter: { taskId: 'leak' } });

    // Refused calls.
    const refused = await Promise.all([
      rawRequest(port, 'GET', '/api/me', undefined, { authorization: `Bearer ${secret('wrong-token')}` }),
      rawRequest(port, 'GET', `/api/me?ticket=${secret('ticket')}`),
      as('operator', 'POST', '/api/tasks/leak/executions', { payload: PAYLOAD, priority: 'x' }),
      as('operator', 'POST', '/api/tasks/leak/executions', `{"payload":{"apiKey":"${secret('broken')}",}}`),
      as('operator', 'POST', '/api/tasks/leak/executions', `{"payload":{"__proto__":{"apiKey":"${secret('x')}"}}}`), // prettier-ignore
      as('operator', 'POST', '/api/tasks/leak/executions', { payload: [PAYLOAD, 'x'.repeat(300_000)] }),
      as('viewer', 'POST', '/api/tasks/leak/executions', { payload: PAYLOAD }),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 400, 400, 400, 413, 403]);
    const store = app.get<TaskStore>(TASK_STORE, { strict: false });
    const { enqueue } = store;
    store.enqueue = () => Promise.reject(new Error(`redis://:${secret('redis')}@127.0.0.1 said no`));
    refused.push(await as('operator', 'POST', '/api/tasks/leak/executions', { payload: PAYLOAD }));
    store.enqueue = enqueue;
    expect(refused.at(-1)!.status).toBe(500);
    for (const { text } of refused) expect(text).not.toContain(CANARY);

    // All output: every GET route.
    const paths = routesOf(app).flatMap(([method, path]) =>
      method === 'get' && !/dashboard/.test(path) ? [path] : [],
    );
    expect(paths.length).toBeGreaterThan(12);
    const filled = paths.flatMap((path) =>
      path.includes('executions/:id') ? ids.map((id) => path.replace(':id', id))
      : [path.replace('workflows/:id', `workflows/${workflow.workflowId}`).replace('schedules/:id', 'schedules/s').replace(/schedules\/preview$/, 'schedules/preview?cronExpression=0+0+1+1+*')]); // prettier-ignore
    for (const path of filled)
      for (const role of ['viewer', 'operator', 'admin'] as const) {
        const { status, text } = await as(role, 'GET', path);
        expect([path, role, status]).toEqual([path, role, path === '/api/audit' && role !== 'admin' ? 403 : 200]);
        expect([path, role, text.includes(CANARY)]).toEqual([path, role, false]);
        if (role === 'viewer') expect(text).not.toContain('"payload":');
      }
    const shown = (await as('admin', 'GET', `/api/executions/${ids[0]}`)).body;
    expect(shown.payload.note).toBe('plain');
    expect(shown.error.message).toMatch(/cannot use \[redacted\], \{"note":"plain",.*redis:\/\/\[redacted\]@db:6379/);
    expect(shown.attempts.map((attempt: { error: { message: string } }) => attempt.error.message)).toHaveLength(2);
    expect(JSON.stringify(shown)).toMatch(/trying with \[redacted\].*|half of \[redacted\]/);

    // All received output.
    const failed = (): boolean => ids.every((id) => [heard.viewer, heard.admin].every((each) => JSON.stringify(each).includes(id))); // prettier-ignore
    await until(async () => failed());
    expect(JSON.stringify(heard.admin)).toContain('resync');
    expect(placesIn(heard)).toEqual([]);

    // All stored data: in the payloads only, and where a handler has returned one.
    const kept = placesIn(JSON.parse(JSON.stringify(await store.dump())));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.filter((path) => !/\.(payload|result)$/.test(path))).toEqual([]);

    // Also with a closed store.
    if (redis) {
      await redis.kill();
      const { body, text } = await as('admin', 'GET', '/api/health/status');
      expect([body.status, text.includes(CANARY)]).toEqual(['unhealthy', false]);
      expect((await as('admin', 'GET', '/metrics')).text).not.toContain(CANARY);
      await redis.start();
    }
    expect(logs.length).toBeGreaterThan(5);
    expect(logs.filter((line) => line.includes(CANARY))).toEqual([]);
  });
});
