import { describe, expect, it } from '@jest/globals';
import {
  StoreAccessError,
  StoreFullError,
  StoreLoadingError,
  StoreReadonlyError,
  StoreScriptError,
  StoreTlsError,
  StoreUnavailableError,
} from '../../../core/errors.js';
import { areFunctionsRefused, isFatalToConnect, judge, reasonOf, toStoreError, type Verdict } from './redis-errors.js';

/** As the client makes of an error reply: with the whole command. */
const reply = (message: string): Error =>
  Object.assign(new Error(message), { name: 'ReplyError', command: { name: 'evalsha', args: ['canary'] } });
const failure = (message: string, code?: string): Error => Object.assign(new Error(message), { code });

const OOM = "OOM command not allowed when used memory > 'maxmemory'.";
const MISCONF = 'MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk.';

describe('replies of the server', () => {
  it.each<[string, Verdict, new (...args: never[]) => Error]>([
    ['NOSCRIPT No matching script.', 'script-missing', StoreUnavailableError],
    ['ERR Function not found', 'script-missing', StoreUnavailableError],
    ["READONLY You can't write against a read only replica.", 'demoted', StoreReadonlyError],
    [
      "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      'demoted',
      StoreUnavailableError,
    ],
    ['UNBLOCKED force unblock from blocking operation', 'demoted', StoreUnavailableError],
    ['LOADING Redis is loading the dataset in memory', 'later', StoreLoadingError],
    ['BUSY Redis is busy running a script.', 'later', StoreUnavailableError],
    ['CLUSTERDOWN Hash slot not served', 'later', StoreUnavailableError],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'later', StoreUnavailableError],
    ['ASK 3999 127.0.0.1:6381', 'later', StoreUnavailableError],
    ['NOREPLICAS Not enough good replicas to write.', 'later', StoreReadonlyError],
    [OOM, 'refused', StoreFullError],
    [MISCONF, 'refused', StoreReadonlyError],
    ['NOAUTH Authentication required.', 'refused', StoreAccessError],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'refused', StoreAccessError],
    ["NOPERM this user has no permissions to run the 'evalsha' command", 'refused', StoreAccessError],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'refused', StoreScriptError],
    ['ERR user_script:3: Script attempted to access nonexistent global', 'refused', StoreScriptError],
  ])('%s', (message, verdict, type) => {
    const error = reply(message);
    expect(judge(error)).toBe(verdict);
    const typed = toStoreError(error, 'enqueue');
    expect(typed).toBeInstanceOf(type);
    expect(typed.message).toContain(message.slice(0, 20));
    expect(JSON.stringify(typed) + String(typed.cause)).not.toContain('canary');
  });
});

describe('failures of the connection', () => {
  it.each([
    'Connection is closed.',
    'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
    "Stream isn't writeable and enableOfflineQueue options is false",
    'Command aborted due to connection close',
    'Socket timeout. Expecting data, but did not receive any in 3000ms.',
    'read ECONNRESET',
  ])('%s', (message) => {
    expect(judge(failure(message))).toBe('lost');
    expect(toStoreError(failure(message), 'enqueue')).toBeInstanceOf(StoreUnavailableError);
  });

  it('too many redirections: the cluster map is outdated', () => {
    expect(judge(failure('Too many Cluster redirections. Last error: MOVED'))).toBe('demoted');
  });

  it.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'])('%s', (code) => {
    const error = failure('self-signed certificate', code);
    expect(toStoreError(error, null)).toBeInstanceOf(StoreTlsError);
    expect(isFatalToConnect(error)).toBe(true);
  });

  it('are not fatal, except wrong credentials', () => {
    expect(isFatalToConnect(failure('connect ECONNREFUSED', 'ECONNREFUSED'))).toBe(false);
    expect(isFatalToConnect(reply('WRONGPASS invalid username-password pair'))).toBe(true);
  });
});

describe('reasonOf', () => {
  it('is one short line, also for an error without a message', () => {
    expect(reasonOf(failure(`first\r\nsecond`))).toBe('first');
    expect(reasonOf(failure('x'.repeat(300)))).toHaveLength(200);
    expect(reasonOf(new AggregateError([failure('one'), failure('two')], ''))).toBe('one, two');
    expect(reasonOf(failure('', 'EPIPE'))).toBe('EPIPE');
    expect(reasonOf(new TypeError(''))).toBe('TypeError');
  });
});

it.each([
  ["NOPERM this user has no permissions to run the 'fcall' command", true],
  ["NOPERM User app has no permissions to run the 'function|load' command", true],
  ["ERR unknown command 'FUNCTION', with args beginning with: 'load' ", true],
  ['ERR unknown command `fcall`, with args beginning with: ', true],
  ['NOPERM this user has no permissions to access one of the keys used as arguments', false],
  ["OOM command not allowed when used memory > 'maxmemory'.", false],
  ["ERR Library 'scheduler_a' already exists", false],
])('detects whether functions are refused: %s', (message, isRefused) => {
  expect(areFunctionsRefused(message)).toBe(isRefused);
});
