import { describe, expect, it, jest } from '@jest/globals';
import { checkTaskDefinition } from './check-definition.js';
import { SchedulerError } from './errors.js';

const base = { taskId: 'report', funcPath: 'app.reports.generate' };
const locked = { ...base, requireLock: true };
const dep = (rest: object) => ({ ...base, dependencies: [rest] });
const throwing = (key: string): object =>
  Object.defineProperty({ ...base }, key, {
    enumerable: true,
    get: () => {
      throw new Error('boom');
    },
  });
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const refusal = (definition: unknown): { code: string; message: string } => {
  try {
    checkTaskDefinition(definition);
  } catch (error) {
    if (error instanceof SchedulerError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('it was accepted');
};

describe('checkTaskDefinition', () => {
  it('fills in the defaults', () => {
    expect(checkTaskDefinition(base)).toEqual({
      taskId: 'report',
      taskName: 'report',
      funcPath: 'app.reports.generate',
      priority: 2,
      payload: undefined,
      retry: null,
      maxSnoozes: 100,
      dependencies: [],
      requireLock: false,
      lockKey: 'report',
      lockTimeout: 300_000,
      lockMaxWait: null,
      timeout: null,
      queue: 'default',
      tags: [],
      remote: false,
    });
  });

  it('keeps the given values, durations in ms', () => {
    const lockKey = () => 'key';
    const definition = {
      taskId: 'report',
      taskName: 'Monthly report',
      funcPath: 'app/reports:generate-all.run_it',
      priority: 'HIGH',
      payload: { month: '2026-01' },
      retryConfig: { maxAttempts: 5, initialDelay: '1s' },
      dependencies: [
        { taskId: 'fetch', type: 'success', timeout: '1h', maxAge: '1d', reuse: true },
        { taskId: 'audit', dependencyType: 'always' },
        { taskId: 'both', type: 'failure', dependencyType: 'failure' },
        { taskId: 'plain' },
      ],
      requireLock: true,
      lockKey,
      lockTimeout: '50ms',
      lockMaxWait: 0,
      timeout: '24h',
      ttl: '1h',
      queue: 'reports',
      tags: ['monthly', 'finance', 'monthly'],
      remote: true,
    };
    expect(checkTaskDefinition(definition)).toEqual({
      ...definition,
      retryConfig: undefined,
      priority: 1,
      retry: expect.objectContaining({ maxAttempts: 5, initialDelay: 1000 }),
      maxSnoozes: 100,
      dependencies: [
        { taskId: 'fetch', type: 'success', timeout: 3_600_000, maxAge: 86_400_000, reuse: true },
        { taskId: 'audit', type: 'always', timeout: null, maxAge: null, reuse: false },
        { taskId: 'both', type: 'failure', timeout: null, maxAge: null, reuse: false },
        { taskId: 'plain', type: 'completion', timeout: null, maxAge: null, reuse: false },
      ],
      lockTimeout: 50,
      timeout: 86_400_000,
      ttl: 3_600_000,
      tags: ['monthly', 'finance'],
    });
  });

  it('treats undefined as not given, in every optional field', () => {
    const keys = Object.keys(checkTaskDefinition(base)).filter((key) => key !== 'retry' && !(key in base));
    const withUndefined = Object.fromEntries([...keys, 'retryConfig'].map((key) => [key, undefined]));
    expect(checkTaskDefinition({ ...base, ...withUndefined })).toEqual(checkTaskDefinition(base));
  });

  it('copies the payload, so later changes have no effect', () => {
    const payload = { list: [1] };
    const task = checkTaskDefinition({ ...base, payload });
    payload.list.push(2);
    expect(task.payload).toEqual({ list: [1] });
  });

  it('warns about bare numbers under 1000, and refuses one as lockTimeout', () => {
    const warn = jest.fn();
    const retryConfig = { initialDelay: 60 };
    checkTaskDefinition({ ...base, timeout: 30, retryConfig, dependencies: [{ taskId: 'a', timeout: 7 }] }, warn);
    const fields = warn.mock.calls.map(([message]) => String(message).split(':')[0]);
    expect(fields).toEqual(['retryConfig.initialDelay', 'dependencies[0].timeout', 'timeout']);
  });
});

const TEXT_256 = '1 to 256 printable characters';
const FIELDS = 'an object with the fields taskId, taskName, funcPath, priority';
const DEPENDENCY_FIELDS = 'an object with the fields taskId, type, dependencyType, timeout, maxAge, reuse';
const NAME = '1 to 128 of A-Z a-z 0-9 . _ : -';
const DAY = 'allowed: 1 to 86400000 ms';

/** Each bad definition, the code of its error, and the beginning of its message. */
const BAD: [definition: unknown, code: string, message: string][] = [
  [null, 'INVALID_TASK_DEFINITION', `definition: null is not allowed; allowed: ${FIELDS}`],
  [undefined, 'INVALID_TASK_DEFINITION', 'definition: undefined is not allowed'],
  ['report', 'INVALID_TASK_DEFINITION', 'definition: "report" is not allowed'],
  [[base], 'INVALID_TASK_DEFINITION', 'definition: an array is not allowed'],
  [() => base, 'INVALID_TASK_DEFINITION', 'definition: a function is not allowed'],
  [{ ...base, retries: 3 }, 'INVALID_TASK_DEFINITION', `retries: 3 is not allowed; allowed: only ${FIELDS}`],
  [{ ...base, constructor: 1 }, 'INVALID_TASK_DEFINITION', 'constructor: 1 is not allowed; allowed: only'],
  [JSON.parse('{"__proto__":{}}'), 'INVALID_TASK_DEFINITION', '__proto__: an object is not allowed; allowed: only'],

  [{ funcPath: 'x' }, 'INVALID_NAME', `taskId: undefined is not allowed; allowed: ${NAME}`],
  [{ ...base, taskId: '' }, 'INVALID_NAME', 'taskId: "" is not allowed'],
  [{ ...base, taskId: 'a b' }, 'INVALID_NAME', 'taskId: "a b" is not allowed'],
  [{ ...base, taskId: 'x'.repeat(129) }, 'INVALID_NAME', 'taskId: "xxx'],
  [{ ...base, taskId: 7 }, 'INVALID_NAME', 'taskId: 7 is not allowed'],
  [{ ...base, queue: '{q}' }, 'INVALID_NAME', 'queue: "{q}" is not allowed'],
  [{ ...base, queue: null }, 'INVALID_NAME', 'queue: null is not allowed'],

  [{ ...base, taskName: '' }, 'INVALID_TASK_DEFINITION', `taskName: "" is not allowed; allowed: ${TEXT_256}`],
  [{ ...base, taskName: 5 }, 'INVALID_TASK_DEFINITION', 'taskName: 5 is not allowed'],
  [{ ...base, taskName: null }, 'INVALID_TASK_DEFINITION', 'taskName: null is not allowed'],
  [{ ...base, taskName: 'a\nb' }, 'INVALID_TASK_DEFINITION', 'taskName: "a\\nb" is not allowed'],
  [{ taskId: 'a' }, 'INVALID_TASK_DEFINITION', 'funcPath: undefined is not allowed; allowed: 1 to 256 of A-Z'],
  [{ ...base, funcPath: '' }, 'INVALID_TASK_DEFINITION', 'funcPath: "" is not allowed'],
  [{ ...base, funcPath: 'a b' }, 'INVALID_TASK_DEFINITION', 'funcPath: "a b" is not allowed'],
  [{ ...base, funcPath: 'x'.repeat(257) }, 'INVALID_TASK_DEFINITION', 'funcPath: "xxx'],
  [{ ...base, funcPath: () => 1 }, 'INVALID_TASK_DEFINITION', 'funcPath: a function is not allowed'],
  [{ ...base, remote: 1 }, 'INVALID_TASK_DEFINITION', 'remote: 1 is not allowed; allowed: true or false'],

  [{ ...base, priority: 5 }, 'INVALID_PRIORITY', 'priority: 5 is not allowed; allowed: 0 to 4, or CRITICAL'],
  [{ ...base, priority: 'high' }, 'INVALID_PRIORITY', 'priority: "high" is not allowed'],
  [{ ...base, priority: null }, 'INVALID_PRIORITY', 'priority: null is not allowed'],

  [{ ...base, payload: { x: 1n } }, 'NOT_SERIALIZABLE', 'payload.x: bigint is not JSON'],
  [{ ...base, payload: 'x'.repeat(300_000) }, 'PAYLOAD_TOO_LARGE', 'payload is 300002 bytes'],
  [{ ...base, payload: JSON.parse('{"__proto__":1}') }, 'FORBIDDEN_KEY', "key '__proto__' is not allowed at payload"],

  [{ ...base, timeout: 0 }, 'INVALID_DURATION', `timeout: 0 is not allowed; ${DAY}`],
  [{ ...base, timeout: '25h' }, 'INVALID_DURATION', 'timeout: "25h" is not allowed'],
  [{ ...base, timeout: null }, 'INVALID_DURATION', 'timeout: null is not allowed'],
  [{ ...locked, lockTimeout: 0 }, 'INVALID_DURATION', `lockTimeout: 0 is not allowed; ${DAY}`],
  [{ ...locked, lockTimeout: 1e12 }, 'INVALID_DURATION', 'lockTimeout: 1000000000000 is not allowed'],
  [
    { ...locked, lockTimeout: 300 },
    'DURATION_UNIT',
    'lockTimeout: 300 is not allowed; allowed: milliseconds: 300 looks',
  ],
  [{ ...locked, lockMaxWait: -1 }, 'INVALID_DURATION', 'lockMaxWait: -1 is not allowed'],
  [{ ...base, ttl: 0 }, 'INVALID_DURATION', 'ttl: 0 is not allowed'],
  [{ ...base, timeToLive: 1 }, 'INVALID_TASK_DEFINITION', 'timeToLive'],

  [
    { ...base, requireLock: 'yes' },
    'INVALID_TASK_DEFINITION',
    'requireLock: "yes" is not allowed; allowed: true or false',
  ],
  [
    { ...base, lockKey: 'k' },
    'INVALID_TASK_DEFINITION',
    'lockKey: "k" is not allowed; allowed: only with requireLock: true',
  ],
  [{ ...locked, lockKey: '' }, 'INVALID_TASK_DEFINITION', `lockKey: "" is not allowed; allowed: ${TEXT_256}`],
  [{ ...locked, lockKey: 'a:{tenant}' }, 'INVALID_TASK_DEFINITION', 'lockKey: "a:{tenant}" is not allowed'],
  [{ ...locked, lockKey: 5 }, 'INVALID_TASK_DEFINITION', 'lockKey: 5 is not allowed'],

  [{ ...base, tags: 'monthly' }, 'INVALID_TASK_DEFINITION', 'tags: "monthly" is not allowed; allowed: at most 16 tags'],
  [{ ...base, tags: [''] }, 'INVALID_TASK_DEFINITION', 'tags: an array is not allowed'],
  [{ ...base, tags: [1] }, 'INVALID_TASK_DEFINITION', 'tags: an array is not allowed'],
  [{ ...base, tags: Array(17).fill('t') }, 'INVALID_TASK_DEFINITION', 'tags: an array is not allowed'],

  [
    { ...base, dependencies: {} },
    'INVALID_TASK_DEFINITION',
    'dependencies: an object is not allowed; allowed: an array of',
  ],
  [
    { ...base, dependencies: ['a'] },
    'INVALID_TASK_DEFINITION',
    `dependencies[0]: "a" is not allowed; allowed: ${DEPENDENCY_FIELDS}`,
  ],
  [{ ...base, dependencies: new Array(1) }, 'INVALID_TASK_DEFINITION', 'dependencies[0]: undefined is not allowed'],
  [dep({}), 'INVALID_NAME', 'dependencies[0].taskId: undefined is not allowed'],
  [
    dep({ taskId: 'a', on: 1 }),
    'INVALID_TASK_DEFINITION',
    'dependencies[0].on: 1 is not allowed; allowed: only an object',
  ],
  [
    dep({ taskId: 'a', type: 'done' }),
    'INVALID_TASK_DEFINITION',
    'dependencies[0].type: "done" is not allowed; allowed: completion, success, failure, always',
  ],
  [
    dep({ taskId: 'a', dependencyType: null }),
    'INVALID_TASK_DEFINITION',
    'dependencies[0].dependencyType: null is not allowed',
  ],
  [
    dep({ taskId: 'a', type: 'success', dependencyType: 'failure' }),
    'INVALID_TASK_DEFINITION',
    'dependencies[0].dependencyType: "failure" is not allowed; allowed: the same as type, which is \'success\'',
  ],
  [
    dep({ taskId: 'a', reuse: 1 }),
    'INVALID_TASK_DEFINITION',
    'dependencies[0].reuse: 1 is not allowed; allowed: true or false',
  ],
  [dep({ taskId: 'a', timeout: 0 }), 'INVALID_DURATION', 'dependencies[0].timeout: 0 is not allowed'],
  [dep({ taskId: 'a', maxAge: 'old' }), 'INVALID_DURATION', 'dependencies[0].maxAge: "old" is not allowed'],
  [dep({ taskId: 'report' }), 'SELF_DEPENDENCY', "'report' depends on itself"],
  [
    { ...base, dependencies: [{ taskId: 'a' }, { taskId: 'a', type: 'always' }] },
    'DUPLICATE_DEPENDENCY',
    "'report' lists its dependency 'a' twice",
  ],

  [
    { ...base, retryConfig: null },
    'INVALID_RETRY_CONFIG',
    'retryConfig: null is not allowed; allowed: an object with the fields strategy',
  ],
  [{ ...base, retryConfig: { maxAttempts: 0 } }, 'INVALID_RETRY_CONFIG', 'retryConfig.maxAttempts: 0 is not allowed'],
];

describe('a wrong definition', () => {
  it.each(BAD)('%j is refused with %s', (definition, code, message) => {
    const found = refusal(definition);
    expect(found.code).toBe(code);
    expect(found.message.slice(0, message.length)).toBe(message);
  });

  it('names the field whose getter throws', () => {
    for (const key of ['priority', 'taskId', 'retryConfig', 'unknown']) {
      expect(refusal(throwing(key))).toEqual({
        code: 'INVALID_TASK_DEFINITION',
        message: `${key}: undefined is not allowed; allowed: a value that can be read (its getter threw: boom)`,
      });
    }
  });

  it('causes a clear error even if it cannot be inspected', () => {
    expect(refusal(revoked())).toMatchObject({ code: 'INVALID_TASK_DEFINITION' });
    expect(refusal({ ...base, dependencies: [revoked()] })).toMatchObject({ code: 'INVALID_TASK_DEFINITION' });
  });
});
