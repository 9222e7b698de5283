import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { closeConsoles, startConsole, TOKENS, type Platform } from '../support/console.js';
import { rawRequest } from '../support/raw-request.js';

afterAll(closeConsoles);

type Method = 'GET' | 'POST' | 'PUT';
type Case = [
  id: string,
  what: string,
  method: Method,
  path: string,
  body: unknown,
  status: number,
  code: string,
  says?: RegExp,
];

/**
 * The inputs B1 to B23 that a caller of the REST interface can send, each with its code; those that need a state of the
 * scheduler are in rest-bad-input-state.spec.ts. Some cannot be sent over HTTP, or only in part:
 */
const NOT_OVER_HTTP: Record<string, { why: string; seeInstead: string }> = {
  B5: {
    why: 'JSON has no BigInt, function, cycle, NaN or Date; a number beyond all bounds is in the table',
    seeInstead: 'libs/scheduler/src/core/json.spec.ts',
  },
  B15: {
    why: 'retries and timeouts of tasks stand in code; a request that brings them is refused, see the table',
    seeInstead: 'libs/scheduler/src/core/check-retry.spec.ts',
  },
  B16: {
    why: 'locks are taken by code alone, so that no request brings a ttl; a stale token is told, see the other file',
    seeInstead: 'test/contract/handle-lock.contract.ts',
  },
  B21: { why: 'the environment is read before there is HTTP', seeInstead: 'src/config/env.spec.ts' },
};
const IN_OTHER_FILE = ['B11', 'B14', 'B16', 'B20', 'B22', 'B23'];

const RUN = '/tasks/echo/executions';
const run = (id: string, what: string, body: unknown, status: number, code: string, says?: RegExp): Case => [
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
const graph = (id: string, what: string, tasks: unknown, code: string, status = 400, says?: RegExp): Case => [id, what, 'POST', '/workflows', typeof tasks === 'string' ? `{"tasks":${tasks}}` : { tasks }, status, code, says]; // prettier-ignore
const get = (id: string, path: string, code: string, status = 400): Case => [id, path.slice(0, 40), 'GET', path, undefined, status, code]; // prettier-ignore
const node = (ref: string, ...refs: string[]) => ({ taskId: 'echo', ref, dependencies: refs.map((each) => ({ ref: each })) }); // prettier-ignore
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const cases: Case[] = [
  run('B1', '__proto__ at the top', '{"__proto__":{"admin":1}}', 400, 'FORBIDDEN_KEY', /at the body/),
  run(
    'B1',
    '__proto__ in the payload',
    '{"payload":{"a":{"__proto__":{"admin":1}}}}',
    400,
    'FORBIDDEN_KEY',
    /'__proto__' is not allowed at payload.a$/,
  ),
  run('B1', '__proto__, written otherwise', '{"payload":{"\\u005f_proto__":1}}', 400, 'FORBIDDEN_KEY', /at payload$/),
  run(
    'B1',
    'constructor.prototype',
    '{"payload":{"a":{"constructor":{"prototype":{"admin":1}}}}}',
    400,
    'FORBIDDEN_KEY',
    /'constructor.prototype' is not allowed at payload.a$/,
  ),
  graph(
    'B1',
    '__proto__ in a node',
    '[{"taskId":"echo","payload":{"__proto__":1}}]',
    'FORBIDDEN_KEY',
    400,
    /at tasks\[0\].payload$/,
  ),
  run('B2', 'no JSON', '{"payload":', 400, 'INVALID_JSON', /position 11/),
  run('B2', 'no JSON, with its place', '{"payload": x}', 400, 'INVALID_JSON', /position 12/),
  run('B2', 'more than one value', '{}{}', 400, 'INVALID_JSON', /position 2/),
  run('B2', 'an empty body', '', 400, 'INVALID_JSON', /position 0/),
  run('B2', 'a byte order mark', '\ufeff{"payload":1}', 400, 'INVALID_JSON', /position 0/),
  run(
    'B2',
    'a key twice',
    '{"payload":1,"payload":2}',
    400,
    'INVALID_JSON',
    /duplicate key "payload" at the body \(at position 13/,
  ),
  run(
    'B2',
    'a key twice below',
    '{"payload":{"a":[{"b":1, "b":2}]}}',
    400,
    'INVALID_JSON',
    /duplicate key "b" at payload.a\[0\]/,
  ),
  run('B2', 'not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, 'INVALID_JSON', /UTF-8/),
  run('B2', 'UTF-16', Buffer.from('{"payload":1}', 'utf16le'), 400, 'INVALID_JSON'),
  run('B3', 'a body too large', `{"payload":"${'x'.repeat(1_048_577)}"}`, 413, 'PAYLOAD_TOO_LARGE', /1048576/),
  run('B3', 'many small values', `{"payload":[${'0,'.repeat(150_000)}0]}`, 413, 'PAYLOAD_TOO_LARGE', /262144/),
  run('B4', 'a million elements', `[${'0,'.repeat(1e6)}0]`, 413, 'PAYLOAD_TOO_LARGE', /1048576/),
  run(
    'B4',
    'an object of 201 keys',
    { payload: Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`k${n}`, n])) },
    413,
    'PAYLOAD_TOO_LARGE',
    /payload: more than 200 keys/,
  ),
  run('B4', 'a payload of depth 33', `{"payload":${deep(33)}}`, 400, 'PAYLOAD_TOO_DEEP', /32/),
  run('B4', 'a body of depth 40', `{"payload":${deep(40)}}`, 400, 'PAYLOAD_TOO_DEEP'),
  run('B4', 'brackets without end', `{"payload":${deep(200_000)}}`, 400, 'PAYLOAD_TOO_DEEP'),
  run('B5', 'a number beyond all bounds', '{"payload":{"x":1e999}}', 400, 'NOT_SERIALIZABLE', /payload.x/),
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
  graph('B13', 'itself', [node('a', 'a')], 'SELF_DEPENDENCY'),
  graph('B13', 'a cycle of many', Array.from({ length: 10_000 }, (_, n) => node(`n${n}`, `n${(n + 1) % 10_000}`)), 'CIRCULAR_DEPENDENCY', 400, /^.{1,400}$/), // prettier-ignore
  graph('B13', 'a cycle', [node('a', 'c'), node('b', 'a'), node('c', 'b')], 'CIRCULAR_DEPENDENCY', 400, /->/),
  graph('B13', 'an unknown node', [node('a', 'z')], 'UNKNOWN_DEPENDENCY'),
  graph('B13', 'a node twice', [node('a'), node('a')], 'DUPLICATE_NODE'),
  graph('B13', 'an edge twice', [node('a'), node('b', 'a', 'a')], 'DUPLICATE_DEPENDENCY'),
  graph(
    'B13',
    '10,001 nodes',
    Array.from({ length: 10_001 }, (_, n) => node(`n${n}`)),
    'WORKFLOW_TOO_LARGE',
    413,
    /10000/,
  ),
  graph(
    'B13',
    'a node of a run that is no other',
    [{ taskId: 'echo', dependencies: [{ ref: 'other:n1' }] }],
    'UNKNOWN_DEPENDENCY',
  ),
  graph('B13', 'an unknown task', [{ taskId: 'none' }], 'TASK_NOT_REGISTERED', 404),
  graph('B17', 'an unknown field of a node', [{ taskId: 'echo', retries: 1 }], 'INVALID_OPTION'),
  run('B15', 'retries', { retryConfig: { maxAttempts: 1e9 } }, 400, 'UNKNOWN_FIELD', /retryConfig/),
  run('B15', 'a timeout', { timeout: 0 }, 400, 'UNKNOWN_FIELD', /timeout/),
  graph(
    'B15',
    'retries of a node',
    [{ taskId: 'echo', retryConfig: { maxAttempts: -1 } }],
    'INVALID_OPTION',
    400,
    /retryConfig/,
  ),
  graph(
    'B15',
    'a timeout of an edge',
    [node('a'), { taskId: 'echo', dependencies: [{ ref: 'a', timeout: -1 }] }],
    'INVALID_DURATION',
    400,
    /timeout/,
  ),
  cron('B15', '0 0 * * *', 'INVALID_DURATION', /jitter/, { jitter: -1 }),
  [
    'B16',
    'a token of the wrong kind',
    'POST',
    '/locks/k/force-release',
    { fencingToken: 'x' },
    400,
    'INVALID_TYPE',
    /fencingToken/,
  ],
  ['B16', 'a ttl', 'POST', '/locks/k/force-release', { ttl: 0 }, 400, 'UNKNOWN_FIELD', /ttl/],
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
  // A name only selects a registered task.
  ...['toString', 'constructor', 'hasOwnProperty'].map((name): Case => ['B18', `task ${name}`, 'POST', `/tasks/${name}/executions`, {}, 404, 'TASK_NOT_REGISTERED']), // prettier-ignore
  ...['__proto__', '..%2f..%2fx', '%2e%2e'].map((name): Case => ['B18', `task ${name}`, 'POST', `/tasks/${name}/executions`, {}, 400, 'INVALID_ID']), // prettier-ignore
  get('B18', '/executions/%00', 'INVALID_ID'),
  get('B18', '/executions/%2e%2e%2f', 'INVALID_ID'),
  get('B18', '/executions/__proto__', 'INVALID_ID'),
  get('B18', '/workflows/a%20b', 'INVALID_ID'),
  ...['limit=-1', 'limit=0', 'limit=1e9', 'limit=1001', 'limit=', 'cursor=garbage', 'status=FOO', 'state=FOO', 'tag=a&tag=b',
    'a[__proto__]=1', '__proto__=1', 'from=tomorrow', 'satus=FAILED', 'queues=mail', `tag=${'x'.repeat(400)}`].map((query) => get('B19', `/executions?${query}`, 'INVALID_QUERY')), // prettier-ignore
  get('B19', '/schedules/s/preview?count=1000000', 'INVALID_QUERY'),
  get('B19', '/audit?limit=1001', 'INVALID_QUERY'),
  get('B19', '/schedules/preview?cronExpression=*+*+*+*+*&startTime=%2B275760-09-13T00:00:00Z', 'INVALID_DATE'),
  get('B19', '/schedules/preview?cronExpression=*+*+*+*+*&endTime=-271821-04-20T00:00:00Z', 'INVALID_DATE'),
  ...['tag', 'taskId', 'queue', 'workflowId'].map((field): Case => ['B19', `half a character in ${field}`, 'POST', '/executions/cancel', `{"filter":{"${field}":"\\ud800"}}`, 400, 'INVALID_OPTION', /well-formed/]), // prettier-ignore
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

  const send = (method: Method, path: string, body?: unknown) =>
    rawRequest(started.port, method, `/api${path}`, body, { authorization: `Bearer ${TOKENS[2].token}` });

  it.each(cases)('%s: %s', async (...row) => {
    const [, , method, path, body, status, code, says] = row;
    const { text, body: problem, ...reply } = await send(method, path, body);
    expect([reply.status, problem?.code, text.slice(0, 300)]).toEqual([status, code, expect.any(String)]);
    expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({ status, type: 'about:blank', title: expect.any(String), requestId: expect.any(String) }); // prettier-ignore
    if (says) expect(problem.detail).toMatch(says);
    expect(text).not.toMatch(/\bat .*\.[jt]s:\d/);
  });

  it('B18: a path traversal is no route', async () => {
    for (const path of ['/executions/../../etc', '/executions/%zz', `/executions/${'x'.repeat(10_000)}`]) {
      const { status } = await send('GET', path);
      expect([path.slice(0, 30), [400, 404, 414].includes(status)]).toEqual([path.slice(0, 30), true]);
    }
  });

  it('leaves no data, and changes no prototype', async () => {
    expect(JSON.stringify(await store.dump())).toBe(before);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it('B9: 29 February is a date', async () => {
    expect((await send('PUT', '/schedules/leap', { taskId: 'echo', cronExpression: '0 0 29 2 *' })).status).toBe(200);
  });
});

it('every row from B1 to B23 is here or in the other file, or does not concern HTTP', () => {
  const here = new Set([...cases.map(([id]) => id), ...IN_OTHER_FILE, ...Object.keys(NOT_OVER_HTTP)]);
  expect([...here].sort()).toEqual(Array.from({ length: 23 }, (_, n) => `B${n + 1}`).sort());
  for (const { seeInstead } of Object.values(NOT_OVER_HTTP)) expect(existsSync(seeInstead)).toBe(true);
});
