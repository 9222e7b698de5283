import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  OutcomeUnknownError,
  StoreFullError,
  StoreLoadingError,
  StoreReadonlyError,
  StoreScriptError,
  StoreUnavailableError,
} from 'nestjs-advanced-scheduler';
import { request as httpRequest } from 'node:http';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { closeConsoles, startConsole, TOKENS, type Platform } from '../support/console.js';

afterAll(closeConsoles);

interface Reply {
  status: number;
  type: string;
  text: string;
}
type Method = 'GET' | 'POST' | 'PUT';
/** Either the same of both platforms, or what each of them says. */
type Code = string | Record<Platform, string>;
type Case = [
  id: string,
  what: string,
  method: Method,
  path: string,
  body: unknown,
  status: number,
  code: Code,
  says?: RegExp,
];

/** Fastify's own parser refuses such keys first, and does not say which. */
const PROTO: Code = { express: 'FORBIDDEN_KEY', fastify: 'INVALID_JSON' };
const RUN = '/tasks/echo/executions';
const run = (id: string, what: string, body: unknown, status: number, code: Code, says?: RegExp): Case => [
  id,
  what,
  'POST',
  RUN,
  body,
  status,
  code,
  says,
];
const cron = (id: string, cronExpression: unknown, code: string, says?: RegExp, more: object = {}): Case =>
  [id, `cron ${String(cronExpression).slice(0, 20)}`, 'PUT', '/schedules/s', { taskId: 'echo', cronExpression, ...more }, 400, code, says]; // prettier-ignore
const graph = (what: string, tasks: unknown, code: string, status = 400, says?: RegExp): Case => ['B13', what, 'POST', '/workflows', { tasks }, status, code, says]; // prettier-ignore
const get = (id: string, path: string, code: string, status = 400): Case => [id, path.slice(0, 40), 'GET', path, undefined, status, code]; // prettier-ignore
const node = (ref: string, ...refs: string[]) => ({ taskId: 'echo', ref, dependencies: refs.map((each) => ({ ref: each })) }); // prettier-ignore
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const cases: Case[] = [
  run('B1', '__proto__ at the top', '{"__proto__":{"admin":1}}', 400, PROTO),
  run('B1', '__proto__ in the payload', '{"payload":{"a":{"__proto__":{"admin":1}}}}', 400, PROTO),
  run('B1', 'constructor.prototype', '{"payload":{"a":{"constructor":{"prototype":{"admin":1}}}}}', 400, PROTO),
  run('B2', 'no JSON', '{"payload":', 400, 'INVALID_JSON'),
  run('B2', 'no JSON, with its place', '{"payload": x}', 400, 'INVALID_JSON', /position 12|not JSON/),
  run('B2', 'UTF-16', Buffer.from('{"payload":1}', 'utf16le'), 400, 'INVALID_JSON'),
  run('B3', 'a body too large', `{"payload":"${'x'.repeat(1_048_577)}"}`, 413, 'PAYLOAD_TOO_LARGE', /1048576/),
  run('B4', 'a payload of depth 33', `{"payload":${deep(33)}}`, 400, 'PAYLOAD_TOO_DEEP', /32/),
  run('B4', 'a body of depth 40', `{"payload":${deep(40)}}`, 400, 'PAYLOAD_TOO_DEEP'),
  run('B4', 'brackets without end', `{"payload":${deep(20_000)}}`, 400, 'PAYLOAD_TOO_DEEP'),
  ...['a b', '{a}', '\u0000', '\u{1f600}', '\u202e', 'x'.repeat(90) + ' '].map((name): Case =>
    ['B6', `name ${JSON.stringify(name).slice(0, 12)}`, 'POST', `/tasks/${encodeURIComponent(name)}/executions`, {}, 400, 'INVALID_ID']), // prettier-ignore
  ['B6', 'a ref that is no name', 'POST', '/workflows', { tasks: [node('a b')] }, 400, 'INVALID_NAME', /1 to 128/],
  ...[-1, 1.5, '5', 2 ** 53].map((priority) =>
    run('B7', `priority ${JSON.stringify(priority)}`, { priority }, 400, 'INVALID_PRIORITY', /0 to 4/),
  ),
  run('B7', 'priority null', { priority: null }, 400, 'INVALID_TYPE', /priority: null/),
  cron('B8', '', 'INVALID_CRON'),
  cron('B8', '* * * *', 'INVALID_CRON'),
  cron('B8', '* * * * * * *', 'INVALID_CRON'),
  cron('B8', '60 * * * *', 'INVALID_CRON', /60/),
  cron('B8', '*/0 * * * *', 'INVALID_CRON'),
  cron('B8', '*/1000000000 * * * *', 'INVALID_CRON'),
  cron('B8', '5-1 * * * *', 'INVALID_CRON'),
  cron('B8', '@reboot', 'INVALID_CRON'),
  cron('B8', '1'.repeat(50_000), 'INVALID_CRON'),
  cron('B8', 5, 'INVALID_TYPE', /cronExpression: number/),
  cron('B9', '0 0 30 2 *', 'CRON_NEVER_FIRES'),
  cron('B9', '0 0 31 4,6 *', 'CRON_NEVER_FIRES'),
  ...['Mars/Phobos', 'EST5EDTX', '+25:00'].map((timezone) =>
    cron('B10', '0 0 * * *', 'INVALID_TIMEZONE', /IANA/, { timezone }),
  ),
  ...[-1, 1e18, 'soon'].map((delay) => run('B12', `delay ${delay}`, { delay }, 400, 'INVALID_DURATION', /delay/)),
  run('B12', 'the year 10000', { scheduledTime: '+010000-01-01T00:00:00Z' }, 400, 'INVALID_DATE'),
  run('B12', 'no time', { scheduledTime: 'tomorrow' }, 400, 'INVALID_DATE'),
  graph('itself', [node('a', 'a')], 'SELF_DEPENDENCY'),
  graph('a cycle', [node('a', 'c'), node('b', 'a'), node('c', 'b')], 'CIRCULAR_DEPENDENCY', 400, /->/),
  graph('an unknown node', [node('a', 'z')], 'UNKNOWN_DEPENDENCY'),
  graph('a node twice', [node('a'), node('a')], 'DUPLICATE_NODE'),
  graph('an edge twice', [node('a'), node('b', 'a', 'a')], 'DUPLICATE_DEPENDENCY'),
  graph('no node', [], 'WORKFLOW_TOO_LARGE', 413),
  graph('an unknown task', [{ taskId: 'none' }], 'TASK_NOT_REGISTERED', 404),
  graph('an unknown field of a node', [{ taskId: 'echo', retries: 1 }], 'INVALID_OPTION'),
  run('B17', 'an unknown field', { payloads: 1 }, 400, 'UNKNOWN_FIELD', /payloads is unknown; allowed: payload/),
  run('B17', 'an array for an object', '[]', 400, 'INVALID_TYPE'),
  run('B17', 'a wrong type', { tags: 'x' }, 400, 'INVALID_TYPE', /tags: string; allowed: array/),
  run('B17', 'tags that are none', { tags: [1] }, 400, 'INVALID_OPTION'),
  ['B17', 'a field missing', 'PUT', '/schedules/s', { taskId: 'echo' }, 400, 'MISSING_FIELD', /cronExpression/],
  ['B17', 'an unknown task', 'POST', '/tasks/none/executions', {}, 404, 'TASK_NOT_REGISTERED'],
  ['B17', 'no filter', 'POST', '/executions/cancel', {}, 400, 'MISSING_FIELD'],
  ['B17', 'an empty filter', 'POST', '/executions/cancel', { filter: {} }, 400, 'EMPTY_FILTER'],
  [
    'B17',
    'a limit too large',
    'POST',
    '/executions/retry',
    { filter: { tag: 'x' }, limit: 1e9 },
    400,
    'INVALID_OPTION',
  ],
  [
    'B17',
    'an unknown filter',
    'POST',
    '/executions/retry',
    { filter: { tags: 'x' } },
    400,
    'UNKNOWN_FIELD',
    /filter.tags/,
  ],
  ['B17', 'an unknown status', 'POST', '/executions/retry', { filter: { status: 'FOO' } }, 400, 'INVALID_OPTION'],
  get('B18', '/executions/%00', 'INVALID_ID'),
  get('B18', '/executions/%2e%2e%2f', 'INVALID_ID'),
  get('B18', '/executions/__proto__', 'INVALID_ID'),
  get('B18', '/workflows/a%20b', 'INVALID_ID'),
  ...['limit=-1', 'limit=0', 'limit=1e9', 'limit=1001', 'limit=', 'cursor=garbage', 'status=FOO', 'state=FOO', 'tag=a&tag=b',
    'a[__proto__]=1', '__proto__=1', 'from=tomorrow', `tag=${'x'.repeat(400)}`].map((query) => get('B19', `/executions?${query}`, 'INVALID_QUERY')), // prettier-ignore
  get('B19', '/schedules/s/preview?count=1000000', 'INVALID_QUERY'),
  get('B19', '/audit?limit=1001', 'INVALID_QUERY'),
];

describe.each<Platform>(['express', 'fastify'])('bad input on %s', (platform) => {
  let started: Awaited<ReturnType<typeof startConsole>>;
  let store: TaskStore;
  let before: string;

  beforeAll(async () => {
    started = await startConsole({ echo: (payload) => payload }, { platform, scheduler: { autoStart: false } });
    store = started.app.get(TASK_STORE, { strict: false });
    before = JSON.stringify(await store.dump());
  });

  /** As it is written: clients would mend paths. */
  function send(method: Method, path: string, body: unknown): Promise<Reply> {
    const data = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${TOKENS[2].token}`,
      ...(data === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(data) }),
    };
    return new Promise((resolve, reject) => {
      const asked = httpRequest(
        { host: '127.0.0.1', port: started.port, path: `/api${path}`, method, headers },
        (reply) => {
          let text = '';
          reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
          reply.on('end', () =>
            resolve({ status: reply.statusCode!, type: reply.headers['content-type'] ?? '', text }),
          );
          reply.on('error', reject);
        },
      );
      asked.on('error', reject);
      asked.setTimeout(5000, () => asked.destroy(new Error('no answer')));
      asked.end(data);
    });
  }

  it.each(cases)('%s: %s', async (...row) => {
    const [, , method, path, body, status, code, says] = row;
    const { type, text, ...reply } = await send(method, path, body);
    const problem = JSON.parse(text);
    expect([reply.status, problem.code, text.slice(0, 300)]).toEqual([
      status,
      typeof code === 'string' ? code : code[platform],
      expect.any(String),
    ]);
    expect(type).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({
      status,
      type: 'about:blank',
      title: expect.any(String),
      requestId: expect.any(String),
    });
    if (says) expect(problem.detail).toMatch(says);
    expect(text).not.toMatch(/\bat .*\.[jt]s:\d/);
  });

  it('B18: what leads out of the path is no route', async () => {
    for (const path of ['/executions/../../etc', '/executions/%zz', `/executions/${'x'.repeat(10_000)}`]) {
      const { status } = await send('GET', path, undefined);
      expect([path.slice(0, 30), [400, 404, 414].includes(status)]).toEqual([path.slice(0, 30), true]);
    }
  });

  it('leaves nothing behind, and no prototype changed', async () => {
    expect(JSON.stringify(await store.dump())).toBe(before);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it('B9: 29 February is a date', async () => {
    expect((await send('PUT', '/schedules/leap', { taskId: 'echo', cronExpression: '0 0 29 2 *' })).status).toBe(200);
  });

  it.each([
    [new StoreUnavailableError('10.0.0.7:6379 said SECRET'), 503, 'STORE_UNAVAILABLE'],
    [new StoreFullError('SECRET'), 503, 'STORE_FULL'],
    [new StoreReadonlyError('SECRET'), 503, 'STORE_READONLY'],
    [new StoreLoadingError('SECRET'), 503, 'STORE_LOADING'],
    [new OutcomeUnknownError('enqueue', 'SECRET'), 503, 'OUTCOME_UNKNOWN'],
    [new StoreScriptError('enqueue', 'SECRET'), 500, 'STORE_SCRIPT_FAILED'],
    [new Error('SECRET'), 500, 'INTERNAL'],
  ])('B22: %s', async (error, status, code) => {
    const { enqueue } = store;
    store.enqueue = () => Promise.reject(error);
    const reply = await started.call('admin', 'post', `/api${RUN}`).send({});
    store.enqueue = enqueue;
    expect([reply.status, reply.body.code, reply.headers['retry-after']]).toEqual([
      status,
      code,
      status === 503 ? expect.stringMatching(/^\d+$/) : undefined,
    ]);
    expect(reply.text).not.toMatch(/SECRET|10\.0\.0\.7/);
  });
});
