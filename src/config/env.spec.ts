import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError, showValue } from './config-error.js';
import { Environment, loadEnvironment } from './env.js';
import { variablesOf } from './variable.js';

const variables = variablesOf(Environment);
const defaults = Object.fromEntries(Object.entries(new Environment()).map(([name, value]) => [name, String(value)]));

function errorOf(env: Record<string, string>): ConfigError {
  try {
    loadEnvironment(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(env)}`);
}

const WRONG: [name: string, values: string[]][] = [
  ['HOST', ['', ' ', '127.0.0.1:80', 'a b', '256.1.1.1', '-x', 'a/b', 'x'.repeat(254)]],
  ['PORT', ['', ' ', 'abc', '-1', '65536', '99999', '80.5', '3e3', '0x50', '3000 ', '3000abc', 'NaN', '9'.repeat(20)]],
  ['CONSOLE_ADMIN_TOKEN', ['short', 'a token with spaces in it', 'hunter2'.repeat(80), 'hunter2-hunter2-\n']],
  ['CONSOLE_OPERATOR_TOKEN', ['short']],
  ['CONSOLE_VIEWER_TOKEN', ['short']],
  ['STORE', ['', 'REDIS', 'MEMORY', 'memory ', 'valkey']],
  ['STORE_PATH', ['', '  ', 'a\0b', 'x'.repeat(1025)]],
  ['STORE_SYNC', ['', 'never', 'ALWAYS', 'interval ']],
  [
    'REDIS_URL',
    [
      ...['', 'htp://h', 'http://h:6379', 'redis', 'localhost:6379', 'redis://', 'redis://h:0', 'redis://h:99999'],
      ...[
        'redis://h/a',
        'redis://h/65536',
        'redis://h/1/2',
        'redis://h?db=1',
        'redis://h#1',
        'redis://a b',
        ' redis://h',
      ],
      ...['redis://h\n', 'redis://u:%zz@h'],
    ],
  ],
  ['REDIS_PASSWORD', ['hunter2\n', 'hunter\0', 'hunter2'.repeat(80)]],
  ['NAMESPACE', ['', 'a b', '{a}', 'é', '__proto__', 'x'.repeat(129)]],
  ['ROLE', ['', 'Worker', 'consumer', 'both ']],
  ['MAX_CONCURRENT_TASKS', ['', '0', '1001', '-5', '1.5', 'ten', 'Infinity']],
  ['DATA_DIR', ['', '  ', 'a\0b', 'x'.repeat(1025)]],
  ['LOG_FORMAT', ['', 'xml', 'JSON']],
  ['TIMEZONE', ['', 'Mars/Olympus', 'nowhere']],
  ['NIGHTLY_CRON', ['', 'abc', '* * *', '61 2 * * *', '0 25 * * *', '0 2 * * * * *', '@never']],
  ['LEASE', ['', '15', '15000', '0s', '11m', '-15s', '15 parsecs', '1d', 's', 'abc']],
  ['SHUTDOWN_DRAIN', ['', '25', '-1s', '11m', 'soon']],
  ['HISTORY_COUNT', ['', '-1', '1000001', 'all']],
  ['RUN_WORKFLOW_ON_START', ['', 'yes', '1', 'TRUE', '0']],
  ['MAIL_GATEWAY_FAILURES', ['', '-1', '101', 'two']],
];

describe('loadEnvironment', () => {
  it('has a default for every variable, and every property is a variable', () => {
    expect(variables.map(({ name }) => name)).toEqual(Object.keys(new Environment()));
    expect(loadEnvironment({})).toEqual(new Environment());
    expect(loadEnvironment(defaults)).toEqual(new Environment());
  });

  it('parses numbers and flags, keeps durations as text, ignores other variables', () => {
    const env = loadEnvironment({
      PORT: '8080',
      RUN_WORKFLOW_ON_START: 'false',
      LEASE: '1500ms',
      LEASES: 'x',
    });
    expect(env).toBeInstanceOf(Environment);
    expect({ ...env }).toEqual({ ...new Environment(), PORT: 8080, RUN_WORKFLOW_ON_START: false, LEASE: '1500ms' });
  });

  it.each(WRONG)('%s refuses each wrong value in one line that names it', (name, values) => {
    for (const value of values) {
      const error = errorOf({ [name]: value });
      const { allowed } = variables.find((v) => v.name === name)!;
      expect(error.variable).toBe(name);
      expect(error.message.startsWith(`${name}: ${showValue(name, value)} is not allowed; allowed: ${allowed}`)).toBe(
        true,
      );
      expect(error.message).not.toContain('\n');
    }
  });

  it('has wrong values for every variable', () => {
    expect(WRONG.map(([name]) => name)).toEqual(variables.map(({ name }) => name));
  });

  it('accepts the bounds of ranges', () => {
    const bounds = {
      PORT: ['0', '65535'],
      MAX_CONCURRENT_TASKS: ['1', '1000'],
      LEASE: ['1s', '10m'],
      SHUTDOWN_DRAIN: ['0s', '10m'],
    };
    for (const [name, values] of Object.entries(bounds)) for (const value of values) loadEnvironment({ [name]: value });
    loadEnvironment({ HOST: '::1' });
    loadEnvironment({
      HOST: 'scheduler.internal',
      CONSOLE_VIEWER_TOKEN: 'x'.repeat(16),
      TIMEZONE: 'America/Chicago',
      NIGHTLY_CRON: '30 15 2 * * MON-FRI',
    });
  });

  it('listens beyond this machine only if a token is configured', () => {
    for (const HOST of ['0.0.0.0', '::', '10.0.0.1', 'scheduler.internal']) {
      const { message } = errorOf({ HOST });
      expect(message).toContain(`HOST: "${HOST}" is not allowed`);
      expect(message).toContain('CONSOLE_ADMIN_TOKEN');
      loadEnvironment({ HOST, CONSOLE_ADMIN_TOKEN: 'x'.repeat(16) });
    }
    for (const HOST of ['127.0.0.1', '127.8.8.8', '::1', 'localhost']) loadEnvironment({ HOST });
  });

  it('accepts each form of a Redis address', () => {
    const urls = ['redis://h', 'rediss://h:6380/', 'redis://:p%40ss@10.0.0.1/15', 'redis://user:p@[::1]:6379/0'];
    for (const url of urls)
      loadEnvironment({ STORE: 'redis', REDIS_URL: url, REDIS_PASSWORD: 'pä ss', NAMESPACE: 'a:b' });
  });

  it('never shows a secret of a wrong value', () => {
    const urls = [
      'redis://me:hunter2@h:99999',
      'redis:/me:hunter2@h',
      'redis://me:hunt/hunter2@h/x',
      'redis://h?p=hunter2',
    ];
    for (const url of urls) expect(errorOf({ REDIS_URL: url }).message).not.toContain('hunter2');
    expect(errorOf({ REDIS_PASSWORD: 'hunter2\n' }).message).not.toContain('hunter2');
  });

  it('refuses unknown names in .env that are meant for the service, in one line with the nearest known name', () => {
    const env = { STORE_PTH: 'x', NODE_ENV: 'x', LEASES: 'x', PORT: 'abc' };
    expect(() => loadEnvironment(env, ['STORE_PTH', 'NODE_ENV'])).toThrow(
      'STORE_PTH: this name in .env is not allowed; allowed: STORE_PATH (the nearest) and the other names of .env.example (also wrong: PORT)',
    );
    expect(() => loadEnvironment(env)).toThrow(/^PORT/);
  });

  it('names the other wrong variables in the same line', () => {
    const { message } = errorOf({ LEASE: 'x', PORT: 'abc', HOST: 'localhost', STORE: 'y' });
    expect(message).toBe(
      'PORT: "abc" is not allowed; allowed: a whole number from 0 to 65535 (also wrong: STORE, LEASE)',
    );
  });
});

describe('showValue', () => {
  it('masks secrets and the user part of URLs, and returns one short line', () => {
    expect(showValue('REDIS_PASSWORD', 'hunter2')).toBe('***');
    expect(showValue('API_TOKEN', 'hunter2')).toBe('***');
    expect(showValue('REDIS_URL', 'redis://me:hunter2@db:6379')).toBe('"redis://***@db:6379"');
    expect(showValue('REDIS_URL', 'me:hunt@hunter2@db')).toBe('"***@db"');
    expect(showValue('HOST', 'https://me:hunter2@db?key=hunter2')).toBe('"https://***@db?***"');
    expect(showValue('NIGHTLY_CRON', '@never')).toBe('"@never"');
    expect(showValue('PORT', 'a\nb')).toBe('"a\\nb"');
    expect(showValue('PORT', 'x'.repeat(100))).toHaveLength(62);
  });
});

describe('.env.example', () => {
  const text = readFileSync('.env.example', 'utf8');

  it('lists every variable with its default, in the order of the schema, and no other', () => {
    expect(parseEnv(text)).toEqual(defaults);
    expect(text.match(/^\w+(?==)/gm)).toEqual(variables.map(({ name }) => name));
  });

  it('documents for each its purpose, unit, allowed values and default', () => {
    for (const { name, about, unit, allowed } of variables) {
      const comment = text.split(`\n${name}=`)[0]!.split('\n\n').at(-1)!;
      expect(comment).toBe(`# ${about}\n# Unit: ${unit}. Allowed: ${allowed}. Default: ${defaults[name] || 'none'}`);
    }
  });
});
