import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { SchedulerConsoleModule } from './console.module.js';
import type { SchedulerConsoleAsyncOptions, SchedulerConsoleOptions } from './options.js';

const TOKEN = 'a-token-of-twenty-characters';
const token = { token: TOKEN, name: 'ops', role: 'viewer' };

/** Options that are wrong, and the field that is named. */
const WRONG: [string, unknown, string][] = [
  ['null', null, 'options'],
  ['text', 'ops', 'options'],
  ['an unknown option', { pth: 'ops' }, 'pth'],
  ['a path that is no text', { path: 5 }, 'path'],
  ['auth null', { auth: null }, 'auth'],
  ['auth of an unknown word', { auth: 'all' }, 'auth'],
  ['auth of an unknown field', { auth: { tokens: [], tokns: [] } }, 'auth.tokns'],
  ['auth with guard and tokens', { auth: { guard: class {}, tokens: [] } }, 'auth.tokens'],
  ['an unknown field of a token', { auth: { tokens: [{ ...token, rolle: 'admin' }] } }, 'auth.tokens[0].rolle'],
  ['a token that is null', { auth: { tokens: [null] } }, 'auth.tokens[0]'],
  ['payloads that are text', { auth: { tokens: [{ ...token, payloads: 'no' }] } }, 'auth.tokens[0].payloads'],
  ['an unknown field of rateLimit', { rateLimit: { max: 1, per: 1, every: 1 } }, 'rateLimit.every'],
  ['rateLimit true', { rateLimit: true }, 'rateLimit'],
  ['rateLimit null', { rateLimit: null }, 'rateLimit'],
  ['allowedOrigins that are text', { allowedOrigins: 'https://ops.example.org' }, 'allowedOrigins'],
  ['redact that is text', { redact: 'iban' }, 'redact'],
];

describe('options of the console', () => {
  it.each(WRONG)('%s: refused by name', (_what, options, path) => {
    const forRoot = () => SchedulerConsoleModule.forRoot(options as SchedulerConsoleOptions);
    expect(forRoot).toThrow(expect.objectContaining({ code: 'INVALID_CONSOLE_OPTION', path }));
    expect(forRoot).not.toThrow(TOKEN);
  });

  it.each<[string, unknown, string]>([
    ['null', null, 'options'],
    ['no factory', {}, 'useFactory'],
    ['options beside the factory', { useFactory: () => ({}), auth: 'none' }, 'auth'],
  ])('%s: refused by name in forRootAsync', (_what, options, path) => {
    const forRootAsync = () => SchedulerConsoleModule.forRootAsync(options as SchedulerConsoleAsyncOptions);
    expect(forRootAsync).toThrow(expect.objectContaining({ code: 'INVALID_CONSOLE_OPTION', path }));
  });

  it.each<[string, unknown, string]>([
    ...WRONG.filter(([, options]) => options !== null && typeof options === 'object' && !('path' in options)),
    ['nothing', undefined, 'options'],
    ['a path, for which it is too late', { path: 'ops' }, 'path'],
    ['a scheduler, for which it is too late', { scheduler: 'mail' }, 'scheduler'],
  ])('%s: refused by name from a factory', async (_what, options, path) => {
    const imports = [SchedulerConsoleModule.forRootAsync({ useFactory: () => options as object })];
    await expect(Test.createTestingModule({ imports }).compile()).rejects.toMatchObject({
      code: 'INVALID_CONSOLE_OPTION',
      path,
    });
  });
});
